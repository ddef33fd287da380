private import Foundation
package import Logging
private import Platform
private import SFTP

/// The log of the listener: lines on standard error.
package struct ServerLog: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level
    private let format: LogFormat

    package init(_ format: LogFormat, _ level: Logger.Level) {
        self.format = format
        logLevel = level
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues { "\($0)" }
        let time = Date().ISO8601Format()
        let line: String
        switch format {
        case .text:
            let pairs = fields.sorted { $0.key < $1.key }.map { " \($0.key)=\(ServerLog.quoted($0.value))" }
            line = "\(time) \(event.level) \(PrintableText.escaped("\(event.message)"))\(pairs.joined())"
        case .json:
            let all = fields.merging(["time": time, "level": event.level.rawValue, "message": "\(event.message)"]) {
                $1
            }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            line =
                (try? encoder.encode(all)).map { PrintableText.escaped(json: String(decoding: $0, as: UTF8.self)) }
                ?? ""
        }
        ServerLog.write(line + "\n")
    }

    /// Writes to standard error; an error is ignored, because a lost log must not end the server.
    private static func write(_ line: String) {
        var line = line
        line.withUTF8 { try? FileIO.writeAll(UnsafeRawBufferPointer($0), to: STDERR_FILENO) }
    }

    /// A value in a text line.
    ///
    /// Quotes and escapes keep a client from forging lines with a file name.
    private static func quoted(_ value: String) -> String {
        value.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 < 0x7f } && !value.isEmpty
            ? value
            : "\"\(PrintableText.escaped(value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")))\""
    }
}
