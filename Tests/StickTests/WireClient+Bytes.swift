import Foundation
import SFTP
import TestSupport

/// Paths that are no text.
extension WireClient {
    private func ask(_ type: PacketType, _ paths: [UInt8]..., more: (inout [UInt8]) -> Void = { _ in }) throws -> Reply?
    {
        try ask(
            RequestWriter.request(type) { packet in
                for path in paths { packet.append(string: path) }
                more(&packet)
            })
    }

    func open(_ path: [UInt8], _ flags: OpenFlags) throws -> Reply? {
        try ask(.open, path) {
            $0.append(uint32: flags.rawValue)
            FileAttributes().append(to: &$0)
        }
    }

    /// - Returns: the first reply that is not OK, or the one to the CLOSE.
    func put(_ path: [UInt8], _ contents: [UInt8]) throws -> Reply? {
        let opened = try open(path, [.write, .create, .truncate])
        guard case .handle(let handle)? = opened else { return opened }
        let written = try ask(RequestWriter.write(handle, at: 0, contents))
        let closed = try ask(RequestWriter.onHandle(.close, handle))
        return written == .ok ? closed : written
    }

    /// The first bytes of a file; nil when it cannot be read.
    func get(_ path: [UInt8]) throws -> [UInt8]? {
        guard case .handle(let handle)? = try open(path, .read) else { return nil }
        let reply = try ask(RequestWriter.read(handle, at: 0, 32768))
        _ = try ask(RequestWriter.onHandle(.close, handle))
        switch reply {
        case .data(let bytes)?: return bytes
        case .status(1, _)?: return []
        default: return nil
        }
    }

    func makeDirectory(_ path: [UInt8]) throws -> Reply? { try ask(.mkdir, path) { FileAttributes().append(to: &$0) } }

    func removeDirectory(_ path: [UInt8]) throws -> Reply? { try ask(.rmdir, path) }

    func remove(_ path: [UInt8]) throws -> Reply? { try ask(.remove, path) }

    func rename(_ old: [UInt8], _ new: [UInt8]) throws -> Reply? { try ask(.rename, old, new) }

    func exists(_ path: [UInt8]) throws -> Bool {
        if case .attributes? = try ask(.stat, path) { true } else { false }
    }

    /// The names in a directory, without `.` and `..`; nil when it cannot be listed.
    func list(_ path: [UInt8]) throws -> [[UInt8]]? {
        guard case .handle(let handle)? = try ask(.opendir, path) else { return nil }
        var names: [[UInt8]] = []
        var reply = try ask(RequestWriter.onHandle(.readdir, handle))
        while case .names(let entries)? = reply {
            names += entries.map(\.name)
            reply = try ask(RequestWriter.onHandle(.readdir, handle))
        }
        _ = try ask(RequestWriter.onHandle(.close, handle))
        return reply?.code == 1 ? names.filter { $0 != Array(".".utf8) && $0 != Array("..".utf8) } : nil
    }
}

extension [UInt8] {
    /// As a test's name or a message has it.
    var shown: String {
        reduce(into: "") { $0 += (0x20..<0x7f).contains($1) ? String(UnicodeScalar($1)) : "<\($1)>" }
    }
}

/// The names of a directory in the order of their bytes.
func sorted(_ names: some Sequence<[UInt8]>) -> [[UInt8]] { names.sorted { $0.lexicographicallyPrecedes($1) } }
