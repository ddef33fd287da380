/// The attributes of a file as version 3 transmits them; nil means "not given".
///
/// Source: draft-ietf-secsh-filexfer-02, section 5.
package struct FileAttributes: Equatable, Sendable {
    /// The size in bytes.
    package var size: UInt64?
    package var owner: Owner?
    /// Type and mode bits as in `st_mode` of POSIX.
    package var permissions: UInt32?
    package var times: Times?

    package struct Owner: Equatable, Sendable {
        package var user: UInt32
        package var group: UInt32

        package init(user: UInt32, group: UInt32) {
            self.user = user
            self.group = group
        }
    }

    /// Seconds since 1970, unsigned and 32 bits wide on the wire.
    package struct Times: Equatable, Sendable {
        package var access: UInt32
        package var modification: UInt32

        package init(access: UInt32, modification: UInt32) {
            self.access = access
            self.modification = modification
        }
    }

    package init(size: UInt64? = nil, owner: Owner? = nil, permissions: UInt32? = nil, times: Times? = nil) {
        self.size = size
        self.owner = owner
        self.permissions = permissions
        self.times = times
    }

    private enum Flag {
        static let size: UInt32 = 1
        static let owner: UInt32 = 2
        static let permissions: UInt32 = 4
        static let times: UInt32 = 8
        static let extended: UInt32 = 0x8000_0000
    }

    /// Reads the flags and the fields they announce; extended pairs are skipped.
    package init(from reader: inout PacketReader) throws(FileSystemError) {
        let flags = try reader.uint32()
        if flags & Flag.size != 0 { size = try reader.uint64() }
        if flags & Flag.owner != 0 { owner = try Owner(user: reader.uint32(), group: reader.uint32()) }
        if flags & Flag.permissions != 0 { permissions = try reader.uint32() }
        if flags & Flag.times != 0 { times = try Times(access: reader.uint32(), modification: reader.uint32()) }
        if flags & Flag.extended != 0 {
            // A count that the packet cannot hold ends the loop at the first missing string.
            for _ in 0..<(try reader.uint32()) {
                _ = try reader.string()
                _ = try reader.string()
            }
        }
    }

    package func append(to packet: inout [UInt8]) {
        var flags: UInt32 = 0
        if size != nil { flags |= Flag.size }
        if owner != nil { flags |= Flag.owner }
        if permissions != nil { flags |= Flag.permissions }
        if times != nil { flags |= Flag.times }
        packet.append(uint32: flags)
        if let size { packet.append(uint64: size) }
        if let owner {
            packet.append(uint32: owner.user)
            packet.append(uint32: owner.group)
        }
        if let permissions { packet.append(uint32: permissions) }
        if let times {
            packet.append(uint32: times.access)
            packet.append(uint32: times.modification)
        }
    }
}
