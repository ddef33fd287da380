package import SFTP

/// A packet from the server, read back.
package enum Reply: Equatable {
    case version(UInt32, extensions: [String])
    case status(UInt32, String)
    case handle(Handle)
    case data([UInt8])
    case names([DirectoryEntry])
    case attributes(FileAttributes)
    case extended([UInt8])

    package static let ok = Reply.status(0, "")

    /// The status code, if it is a STATUS.
    package var code: UInt32? { if case .status(let code, _) = self { code } else { nil } }

    /// Reads one packet from its type byte on; nil for one that is no reply.
    package init?(_ packet: some Collection<UInt8>) {
        var reader = PacketReader(ArraySlice(packet))
        guard let reply = try? Reply(from: &reader) else { return nil }
        self = reply
    }

    private init?(from reader: inout PacketReader) throws(FileSystemError) {
        guard let type = PacketType(rawValue: try reader.byte()) else { return nil }
        let id = try reader.uint32()
        switch type {
        case .version:
            var extensions: [String] = []
            while reader.remaining > 0 {
                extensions.append(String(decoding: try reader.string(), as: UTF8.self))
                _ = try reader.string()
            }
            self = .version(id, extensions: extensions)
        case .status:
            self = .status(try reader.uint32(), String(decoding: try reader.string(), as: UTF8.self))
            _ = try reader.string()
        case .handle: self = .handle(try Handle(from: &reader))
        case .data: self = .data(Array(try reader.string()))
        case .attributes: self = .attributes(try FileAttributes(from: &reader))
        case .name:
            var entries: [DirectoryEntry] = []
            for _ in 0..<(try reader.uint32()) {
                let name = Array(try reader.string())
                let longName = Array(try reader.string())
                entries.append(
                    DirectoryEntry(name: name, longName: longName, attributes: try FileAttributes(from: &reader)))
            }
            self = .names(entries)
        case .extendedReply:
            var bytes: [UInt8] = []
            while reader.remaining > 0 { bytes.append(try reader.byte()) }
            self = .extended(bytes)
        default: return nil
        }
    }

    /// Cuts output into replies.
    package static func all(in output: [UInt8]) -> [Reply] {
        var replies: [Reply] = []
        var rest = output[...]
        while rest.count >= 4 {
            let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            if let reply = Reply(rest.dropFirst(4).prefix(length)) { replies.append(reply) }
            rest = rest.dropFirst(4 + length)
        }
        return replies
    }
}
