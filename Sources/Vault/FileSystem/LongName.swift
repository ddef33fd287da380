internal import Foundation
internal import SFTP

/// The line of `ls -l` that NAME replies of version 3 have for each name.
///
/// Clients read owner, size and date from it.
///
/// Source: draft-ietf-secsh-filexfer-02, section 7 (the recommended format), and OpenSSH's `ls_file`.
enum LongName {
    static func line(_ name: [UInt8], _ attributes: FileAttributes, user: String) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(72 + name.count)
        appendMode(attributes.permissions ?? 0, to: &line)
        line += "    1 ".utf8
        for _ in 0..<2 {
            line += user.utf8
            line += repeatElement(space, count: max(1, 9 - user.utf8.count))
        }
        let size = String(attributes.size ?? 0).utf8
        line += repeatElement(space, count: max(0, 8 - size.count))
        line += size
        line.append(space)
        appendDate(attributes.times?.modification ?? 0, to: &line)
        line.append(space)
        line += name
        return line
    }

    private static let space = UInt8(ascii: " ")

    private static func appendMode(_ permissions: UInt32, to line: inout [UInt8]) {
        line.append(permissions & UInt32(S_IFMT) == UInt32(S_IFDIR) ? UInt8(ascii: "d") : UInt8(ascii: "-"))
        var bit: UInt32 = 0o400
        for letter in "rwxrwxrwx".utf8 {
            line.append(permissions & bit == 0 ? UInt8(ascii: "-") : letter)
            bit >>= 1
        }
    }

    /// Month, day, and the time of day, or the year for what is older than half a year or lies in the future.
    ///
    /// The C functions are `localtime_r` and `strftime`.
    private static func appendDate(_ seconds: UInt32, to line: inout [UInt8]) {
        var moment = time_t(seconds)
        let age = time(nil) - moment
        var fields = tm()
        localtime_r(&moment, &fields)
        // The server's locale is "C": the names of the months are English, as clients expect.
        let format = (0..<182 * 86400).contains(age) ? "%b %e %H:%M" : "%b %e  %Y"
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { text in
            let count = strftime(text.baseAddress, text.count, format, &fields)
            line += text.prefix(count).lazy.map { UInt8(bitPattern: $0) }
        }
    }
}
