package import SFTP

/// A session in memory and a client for it: packets in, replies out.
package final class Exchange {
    private var session: SFTPSession

    /// Starts a session; INIT has been exchanged unless told otherwise.
    package init(_ fileSystem: any FileSystem, initialized: Bool = true) throws {
        session = SFTPSession(fileSystem: fileSystem)
        if initialized { _ = try send(RequestWriter.initialize()) }
    }

    /// Sends bytes and serves what they complete.
    package func send(_ bytes: [UInt8]) throws -> [Reply] {
        bytes.withUnsafeBytes { session.receive($0) }
        var output: [UInt8] = []
        while try session.serveNext(into: &output) {}
        return Reply.all(in: output)
    }

    /// Sends one request and returns its one reply.
    package func ask(_ bytes: [UInt8]) throws -> Reply? {
        let replies = try send(bytes)
        return replies.count == 1 ? replies[0] : nil
    }

    /// Opens a file and returns its handle, or nil if that was refused.
    package func open(_ path: String, _ flags: OpenFlags) throws -> Handle? {
        guard case .handle(let handle)? = try ask(RequestWriter.open(path, flags)) else { return nil }
        return handle
    }

    package func end() { session.end() }
}
