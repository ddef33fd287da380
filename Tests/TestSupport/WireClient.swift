internal import Foundation
package import SFTP

/// OpenSSH's `ssh` with the sftp subsystem at the other end, and raw packets through it.
package final class WireClient {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var received = Data()

    init(_ arguments: [String], environment: [String: String]) throws {
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["ssh"] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        signal(SIGPIPE, SIG_IGN)
        try process.run()
    }

    deinit { close() }

    /// Ends the connection at once.
    package func close() {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    package func send(_ bytes: [UInt8]) throws { try input.fileHandleForWriting.write(contentsOf: Data(bytes)) }

    /// Exchanges INIT and VERSION.
    package func initialize() throws -> Reply? { try ask(RequestWriter.initialize()) }

    /// Sends a request and waits for the next reply; nil when the connection ended instead.
    package func ask(_ bytes: [UInt8]) throws -> Reply? {
        try send(bytes)
        return try reply()
    }

    /// Waits for the next reply; nil when the connection ended.
    package func reply() throws -> Reply? {
        while true {
            if received.count >= 4 {
                let length = received.prefix(4).reduce(0) { $0 << 8 | Int($1) }
                if received.count >= 4 + length {
                    defer { received = Data(received.dropFirst(4 + length)) }
                    return Reply(received.dropFirst(4).prefix(length))
                }
            }
            // FileHandle would wait for all it has room for.
            var more = [UInt8](repeating: 0, count: 65536)
            let count = read(output.fileHandleForReading.fileDescriptor, &more, more.count)
            guard count > 0 else { return nil }
            received += more[..<count]
        }
    }

    /// Opens a file and returns its handle, or nil if that was refused.
    package func open(_ path: String, _ flags: OpenFlags) throws -> Handle? {
        guard case .handle(let handle)? = try ask(RequestWriter.open(path, flags)) else { return nil }
        return handle
    }

    /// The size that STAT tells, or nil.
    package func size(_ path: String) throws -> UInt64? {
        guard case .attributes(let attributes)? = try ask(RequestWriter.onPaths(.stat, path)) else { return nil }
        return attributes.size
    }
}
