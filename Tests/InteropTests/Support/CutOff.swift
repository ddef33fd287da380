import Foundation
import SFTP
import TestSupport

/// Uploads packet by packet, and connections that end in the middle of one.
enum CutOff {
    /// The WRITEs of some contents, in order.
    static func writes(_ handle: Handle, _ contents: some DataProtocol, from start: Int, block: Int = 32768)
        -> [[UInt8]]
    {
        let bytes = Array(contents)
        return stride(from: 0, to: bytes.count, by: block).map {
            RequestWriter.write(
                handle, at: UInt64(start + $0), Array(bytes[$0..<min($0 + block, bytes.count)]), id: UInt32($0 / block))
        }
    }

    /// Starts an upload, waits until all of `contents` is acknowledged, and kills the connection.
    static func upload(_ contents: Data, as path: String, to client: Interop) throws {
        let wire = try connect(client)
        guard let handle = try wire.open(path, [.write, .create, .truncate]) else {
            return try client.require(false, "OPEN is refused")
        }
        let replies = try wire.ask(all: writes(handle, contents, from: 0))
        try client.require(replies.allSatisfy { $0 == .ok }, "writes: \(replies.filter { $0 != .ok })")
        wire.close()
        try waitUntil("the session has ended") { client.server.sessions.isEmpty }
    }

    /// A new session, with INIT exchanged.
    static func connect(_ client: Interop) throws -> WireClient {
        let wire = try client.server.wire("alice")
        _ = try wire.initialize()
        return wire
    }

    /// Reads a file to its end, several requests in flight.
    static func read(_ path: String, _ count: Int, _ wire: WireClient, _ client: Interop) throws -> Data {
        guard let handle = try wire.open(path, .read) else { throw Mismatch(description: "\(path) cannot be opened") }
        let offsets = stride(from: 0, to: count + 1, by: 32768)
        let replies = try wire.ask(all: offsets.map { RequestWriter.read(handle, at: UInt64($0), 32768) })
        try client.require(replies.last?.code == 1 || count % 32768 != 0, "no end of file: \(replies.last as Any)")
        try client.require(try wire.ask(RequestWriter.onHandle(.close, handle)) == .ok, "CLOSE after reading")
        return replies.reduce(into: Data()) { if case .data(let bytes) = $1 { $0 += bytes } }
    }
}
