package import SFTP

/// Builds the packets that a client sends, field by field, so that a test can also build wrong ones.
package enum RequestWriter {
    /// INIT with a version.
    package static func initialize(version: UInt32 = 3) -> [UInt8] {
        packet(.initialize) { $0.append(uint32: version) }
    }

    /// A request with an id and whatever `fields` appends.
    package static func request(_ type: PacketType, id: UInt32 = 1, _ fields: (inout [UInt8]) -> Void) -> [UInt8] {
        packet(type) {
            $0.append(uint32: id)
            fields(&$0)
        }
    }

    package static func open(
        _ path: String, _ flags: OpenFlags, _ attributes: FileAttributes = .init(), id: UInt32 = 1
    ) -> [UInt8] {
        request(.open, id: id) {
            $0.append(string: path.utf8)
            $0.append(uint32: flags.rawValue)
            attributes.append(to: &$0)
        }
    }

    package static func read(_ handle: Handle, at offset: UInt64, _ length: UInt32, id: UInt32 = 1) -> [UInt8] {
        request(.read, id: id) {
            handle.append(to: &$0)
            $0.append(uint64: offset)
            $0.append(uint32: length)
        }
    }

    package static func write(_ handle: Handle, at offset: UInt64, _ bytes: [UInt8], id: UInt32 = 1) -> [UInt8] {
        request(.write, id: id) {
            handle.append(to: &$0)
            $0.append(uint64: offset)
            $0.append(string: bytes)
        }
    }

    /// A request whose only field is a handle: CLOSE, FSTAT, READDIR.
    package static func onHandle(_ type: PacketType, _ handle: Handle, id: UInt32 = 1) -> [UInt8] {
        request(type, id: id) { handle.append(to: &$0) }
    }

    package static func fsetstat(_ handle: Handle, _ attributes: FileAttributes, id: UInt32 = 1) -> [UInt8] {
        request(.fsetstat, id: id) {
            handle.append(to: &$0)
            attributes.append(to: &$0)
        }
    }

    /// A request that starts with paths: LSTAT, STAT, OPENDIR, REMOVE, RMDIR, REALPATH, RENAME.
    package static func onPaths(_ type: PacketType, _ paths: String..., id: UInt32 = 1) -> [UInt8] {
        request(type, id: id) { packet in paths.forEach { packet.append(string: $0.utf8) } }
    }

    package static func posixRename(_ old: String, _ new: String) -> [UInt8] {
        extended("posix-rename@openssh.com") {
            $0.append(string: old.utf8)
            $0.append(string: new.utf8)
        }
    }

    /// MKDIR or SETSTAT.
    package static func onPath(
        _ type: PacketType, _ path: String, _ attributes: FileAttributes, id: UInt32 = 1
    ) -> [UInt8] {
        request(type, id: id) {
            $0.append(string: path.utf8)
            attributes.append(to: &$0)
        }
    }

    package static func extended(_ name: String, id: UInt32 = 1, _ fields: (inout [UInt8]) -> Void = { _ in })
        -> [UInt8]
    {
        request(.extended, id: id) {
            $0.append(string: name.utf8)
            fields(&$0)
        }
    }

    private static func packet(_ type: PacketType, _ fields: (inout [UInt8]) -> Void) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendPacket(type, fields)
        return bytes
    }
}
