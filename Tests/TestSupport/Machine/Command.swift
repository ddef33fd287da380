package import Foundation

/// A program that was run to its end.
package struct Command {
    package let status: Int32
    package let output: Data
    package let errors: String

    package var text: String { String(decoding: output, as: UTF8.self) }

    /// The lines of JSON on standard output.
    package func json() throws -> [[String: Any]] {
        try text.split(separator: "\n").map { line in
            guard let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
                throw Unexpected(description: "\(line)")
            }
            return object
        }
    }

    /// Runs a program and collects what it prints.
    ///
    /// - Parameters:
    ///   - input: what it gets as standard input; nil gives it nothing.
    ///   - environment: added to this process's.
    ///   - seconds: after which it is killed, and its status is not 0.
    package static func run(
        _ program: String, _ arguments: [String], input: Data? = nil, environment: [String: String] = [:],
        in directory: URL? = nil, seconds: Double = 300
    ) throws -> Command {
        let scratch = try Scratch()
        // Files instead of pipes: nothing can fill up and wait.
        let files = try ["in", "out", "err"].map { try scratch.file($0, Data()) }
        if let input { try input.write(to: files[0]) }
        let process = try ChildProcess(
            program, arguments, environment: environment, in: directory,
            streams: [.reading(files[0]), .writing(files[1]), .writing(files[2])])
        let status = process.wait(seconds: seconds)
        return Command(
            status: status, output: try Data(contentsOf: files[1]),
            errors: String(decoding: try Data(contentsOf: files[2]), as: UTF8.self))
    }
}

/// A directory for one test, removed with this object.
///
/// Its name is short: there are sockets in it, whose paths are limited to 107 bytes.
package final class Scratch {
    package let url: URL

    package init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "test-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    package func path(_ name: String) -> String { url.appending(path: name).path }

    /// Writes a file and returns where it is.
    @discardableResult
    package func file(_ name: String, _ contents: Data, mode: Int = 0o644) throws -> URL {
        let file = url.appending(path: name)
        try contents.write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
        return file
    }
}

extension Data {
    /// Bytes that cannot be compressed, the same for the same seed.
    package static func random(_ count: Int, seed: UInt64 = 1) -> Data {
        var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        var bytes = Data(capacity: count + 8)
        while bytes.count < count {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            Swift.withUnsafeBytes(of: state) { bytes.append(contentsOf: $0) }
        }
        return bytes.prefix(count)
    }
}
