internal import Foundation
internal import SFTP

/// The line of `ls -l` that version 3 sends with each name; clients read owner, size and date from it.
///
/// Source: draft-ietf-secsh-filexfer-02, section 7 (the recommended format), and OpenSSH's `ls_file`.
enum LongName {
    static func line(_ name: [UInt8], _ attributes: FileAttributes, user: String) -> [UInt8] {
        let fields = [
            mode(attributes.permissions ?? 0), "   1", padded(user), padded(user),
            String(repeating: " ", count: max(0, 8 - String(attributes.size ?? 0).count))
                + String(attributes.size ?? 0),
            date(attributes.times?.modification ?? 0),
        ]
        return Array((fields.joined(separator: " ") + " ").utf8) + name
    }

    private static func padded(_ text: String) -> String {
        text + String(repeating: " ", count: max(0, 8 - text.count))
    }

    private static func mode(_ permissions: UInt32) -> String {
        let letters = Array("rwxrwxrwx")
        let bits = (0..<9).map { permissions & (0o400 >> UInt32($0)) == 0 ? "-" : String(letters[$0]) }
        return (permissions & UInt32(S_IFMT) == UInt32(S_IFDIR) ? "d" : "-") + bits.joined()
    }

    /// Month, day, and the time of day, or the year for what is older than half a year or lies in the future.
    private static func date(_ seconds: UInt32) -> String {
        var moment = time_t(seconds)
        let age = time(nil) - moment
        var fields = tm()
        localtime_r(&moment, &fields)
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int32, _ fill: String) -> String { (number < 10 ? fill : "") + String(number) }
        let day = "\(months[Int(fields.tm_mon) % 12]) \(two(fields.tm_mday, " "))"
        return (0..<182 * 86400).contains(age)
            ? "\(day) \(two(fields.tm_hour, "0")):\(two(fields.tm_min, "0"))" : "\(day)  \(fields.tm_year + 1900)"
    }
}
