private import Foundation
internal import SFTP

/// Names with a time in them, in characters that FAT and Windows have too.
package enum DatedName {
    /// Local time, such as `2026-11-25 03.00`.
    ///
    /// The C functions are `localtime_r` and `strftime`.
    ///
    /// - Parameter seconds: since 1970.
    package static func text(of seconds: Int) -> String {
        var moment = time_t(seconds)
        var fields = tm()
        localtime_r(&moment, &fields)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            let count = strftime(text.baseAddress, text.count, "%Y-%m-%d %H.%M", &fields)
            return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    /// Puts a time before the extension of a name: `backup.tar` becomes `backup (2026-11-25 03.00).tar`.
    ///
    /// The extension begins at the last dot, or at the last but one of `.tar.gz` and the like. A name without one, or
    /// that begins with its only dot, gets the time at its end. A long name loses characters before the time.
    ///
    /// - Parameters:
    ///   - seconds: since 1970.
    ///   - number: tells names of one time apart; 1 is not written.
    ///   - limit: bytes that the name may have with the suffix of stored files.
    static func marked(_ name: [UInt8], _ seconds: Int, number: Int, limit: Int) -> [UInt8] {
        let mark = Array(" (\(text(of: seconds)))\(number == 1 ? "" : " (\(number))")".utf8)
        var end = name.endIndex
        if let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > 0, name.count - dot <= 16 {
            end = name[..<dot].suffix(4).elementsEqual(".tar".utf8) && dot > 4 ? dot - 4 : dot
        }
        let room = limit - StoredName.stored([], .file).count - mark.count - (name.count - end)
        var kept = min(end, max(room, 1))
        // A character of several bytes goes as a whole.
        while kept < end, kept > 1, name[kept] & 0xc0 == 0x80 { kept -= 1 }
        return name[..<kept] + mark + name[end...]
    }
}
