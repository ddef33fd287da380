/// The limits of one session.
package enum Limits {
    /// The longest packet, in bytes after its length field.
    ///
    /// OpenSSH's own limit (`SFTP_MAX_MSG_LENGTH`).
    package static let packetLength = 256 * 1024
    /// The most data bytes in one READ reply or one WRITE request; the rest of a packet is for its other fields.
    package static let dataLength = packetLength - 1024
    /// The longest path, in bytes.
    package static let pathLength = 4096
    /// The longest name between two slashes, in bytes.
    package static let nameLength = 255
    /// The most open files and directories of one session.
    package static let handles = 256
    /// The most names in one READDIR reply.
    package static let namesPerReply = 100
    /// The number of malformed packets after which the session ends, because a broken client might never stop.
    package static let malformedPackets = 16
}
