internal import Foundation
private import SFTP

/// Standard output: lines for people or programs, or plaintext.
final class Output {
    /// Whether each line is a JSON object.
    private let isJSON: Bool
    private let interruption: Interruption
    private var pending: [UInt8] = []
    private var lastFlush = ContinuousClock.now
    /// Whether a write may block: pipes and terminals must not delay Ctrl-C.
    private let canStall: Bool
    private let encoder: JSONEncoder

    /// Bytes that a pipe takes without blocking once poll has reported it writable.
    ///
    /// Source: POSIX, `PIPE_BUF`.
    private static let step = 512

    init(_ interruption: Interruption, json: Bool = false) {
        self.interruption = interruption
        isJSON = json
        var status = stat()
        canStall = fstat(STDOUT_FILENO, &status) != 0 || status.st_mode & S_IFMT != S_IFREG
        encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
    }

    /// Prints one line for people; tabs between its fields stay.
    func line(_ text: String) throws { try append(PrintableText.escaped(text, keeping: ["\t"])) }

    private func append(_ line: String) throws {
        pending += line.utf8
        pending.append(UInt8(ascii: "\n"))
        if pending.count >= 1 << 14 || ContinuousClock.now - lastFlush > .milliseconds(100) { try flush() }
    }

    /// Prints a line: the JSON of `value`, or `text` for people; nothing if `text` is nil.
    ///
    /// - Parameter more: lines that follow, for people, too.
    func line<Value: Encodable>(
        json value: @autoclosure () throws -> Value, or text: String?, then more: [String] = []
    ) throws {
        if isJSON {
            try append(PrintableText.escaped(json: String(decoding: try encoder.encode(value()), as: UTF8.self)))
        } else if let text {
            try line(text)
            for text in more { try line(text) }
        }
    }

    /// Prints the only line of a command, and writes it.
    func only<Value: Encodable>(_ value: Value, or text: String, then more: [String] = []) throws {
        try line(json: value, or: text, then: more)
        try flush()
    }

    /// Writes the lines that have been printed.
    func flush() throws {
        let bytes = pending
        pending = []
        try write(bytes[...])
        lastFlush = .now
    }

    /// Writes bytes as they are.
    ///
    /// - Throws: `Interrupted` after Ctrl-C; ``Problem`` when standard output cannot be written.
    func write(_ bytes: ArraySlice<UInt8>) throws {
        var rest = bytes
        while !rest.isEmpty {
            if canStall { try interruption.waitToWrite(STDOUT_FILENO) }
            let part = canStall ? rest.prefix(Output.step) : rest
            let written = part.withUnsafeBytes { Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if written < 0 && (errno == EINTR || errno == EAGAIN) { continue }
            guard written > 0 else {
                let reason = errno == EPIPE ? "broken pipe" : String(cString: strerror(errno))
                throw Problem(.failure, "cannot write to standard output: \(reason)")
            }
            rest = rest.dropFirst(written)
        }
    }
}
