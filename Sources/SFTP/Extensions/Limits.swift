/// The sizes that bound what one client can ask of a session.
package enum Limits {
    /// The longest packet, in bytes after its length field.
    ///
    /// OpenSSH's own limit (`SFTP_MAX_MSG_LENGTH`).
    package static let packetLength = 256 * 1024
    /// The most data bytes in one READ reply or one WRITE request: a packet less room for its other fields.
    package static let dataLength = packetLength - 1024
    /// The longest path, in bytes.
    package static let pathLength = 4096
    /// The longest name between two slashes, in bytes.
    package static let nameLength = 255
    /// Open files and directories of one session.
    package static let handles = 256
    /// Names in one READDIR reply.
    package static let namesPerReply = 100
    /// Malformed packets after which the session ends: a broken client would go on for ever.
    package static let malformedPackets = 16
}
