internal import Foundation

/// Standard output: lines for people or for programs, or plaintext.
final class Output {
    /// Whether lines are for programs: an object of JSON each.
    private let isJSON: Bool
    private let interruption: Interruption
    private var pending: [UInt8] = []
    private var lastFlush = ContinuousClock.now
    /// Pipes and terminals may not take all at once, and must not keep Ctrl-C waiting.
    private let canStall: Bool
    private let encoder: JSONEncoder

    /// Bytes that a pipe takes as a whole once it takes any.
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

    func line(_ text: String) throws {
        pending += text.utf8
        pending.append(UInt8(ascii: "\n"))
        if pending.count >= 1 << 14 || ContinuousClock.now - lastFlush > .milliseconds(100) { try flush() }
    }

    /// Prints one thing: as JSON, or as the text that people get, if there is one for them.
    func line<Value: Encodable>(json value: @autoclosure () throws -> Value, or text: String?) throws {
        if isJSON {
            try line(String(decoding: try encoder.encode(value()), as: UTF8.self))
        } else if let text {
            try line(text)
        }
    }

    /// Prints the one thing that a command has to say.
    static func only<Value: Encodable>(_ value: Value, or text: String, json: Bool) throws {
        let output = Output(Interruption(), json: json)
        try output.line(json: value, or: text)
        try output.flush()
    }

    /// Writes what has been printed.
    func flush() throws {
        let bytes = pending
        pending = []
        try write(bytes[...])
        lastFlush = .now
    }

    /// Writes bytes as they are.
    func write(_ bytes: ArraySlice<UInt8>) throws {
        var rest = bytes
        while !rest.isEmpty {
            if canStall { try interruption.waitToWrite(STDOUT_FILENO) }
            let part = canStall ? rest.prefix(Output.step) : rest
            let written = part.withUnsafeBytes { Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if written < 0 && (errno == EINTR || errno == EAGAIN) { continue }
            guard written > 0 else {
                let reason = errno == EPIPE ? "nobody reads the output" : String(cString: strerror(errno))
                throw Problem(.failure, "cannot write to standard output: \(reason)")
            }
            rest = rest.dropFirst(written)
        }
    }
}
