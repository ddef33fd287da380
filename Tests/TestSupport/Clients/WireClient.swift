internal import Foundation
package import SFTP

/// OpenSSH's `ssh` with the sftp subsystem at the other end, and raw packets through it.
package final class WireClient {
    private let process: ChildProcess
    private let input = Pipe()
    private let output = Pipe()
    private var received = Data()

    init(_ arguments: [String], environment: [String: String]) throws {
        signal(SIGPIPE, SIG_IGN)
        process = try ChildProcess(
            "ssh", arguments, environment: environment,
            streams: [
                .descriptor(input.fileHandleForReading.fileDescriptor),
                .descriptor(output.fileHandleForWriting.fileDescriptor), .null,
            ])
        // Only the client has these ends now: when it ends, so do the pipes.
        try input.fileHandleForReading.close()
        try output.fileHandleForWriting.close()
        _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFL, O_NONBLOCK)
    }

    /// Ends the connection at once.
    package func close() {
        process.signal(SIGKILL)
        _ = process.wait()
    }

    /// Sends all of `bytes`.
    ///
    /// - Throws: ``Timeout`` when the server takes none of them for `seconds`.
    package func send(_ bytes: [UInt8], seconds: Int32 = 300) throws {
        let descriptor = input.fileHandleForWriting.fileDescriptor
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
                continue
            }
            guard errno == EAGAIN else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
            var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard poll(&ready, 1, seconds * 1000) == 1 else { throw Timeout(description: "the server takes nothing") }
        }
    }

    /// Exchanges INIT and VERSION.
    package func initialize() throws -> Reply? { try ask(RequestWriter.initialize()) }

    /// Sends a request and waits for the next reply; nil when the connection ended instead.
    package func ask(_ bytes: [UInt8]) throws -> Reply? {
        try send(bytes)
        return try reply()
    }

    /// Sends requests without waiting in between, and returns their replies in order; fewer when the connection ended.
    package func ask(all requests: [[UInt8]]) throws -> [Reply] {
        try send(Array(requests.joined()))
        return try replies(requests.count)
    }

    /// Waits for replies to requests that have been sent; fewer when the connection ended.
    package func replies(_ count: Int) throws -> [Reply] {
        var replies: [Reply] = []
        while replies.count < count, let reply = try reply() { replies.append(reply) }
        return replies
    }

    /// Waits for the next reply; nil when the connection ended.
    ///
    /// - Throws: ``Timeout`` when none comes.
    package func reply(seconds: Int32 = 300) throws -> Reply? {
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
            var ready = pollfd(fd: output.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, seconds * 1000) == 1 else { throw Timeout(description: "no reply") }
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
