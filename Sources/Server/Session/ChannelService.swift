internal import SSHTransport

/// Serves one channel of a connection, from the client's request on it to the channel's end.
protocol ChannelService {
    var channel: Channel { get }

    /// The number of files that the client has open: a server that is stopping waits until there are none.
    var openFiles: Int { get }

    /// A Boolean value that indicates whether there is nothing more to do.
    var isOver: Bool { get }

    /// Serves what has arrived, and returns without waiting for more.
    ///
    /// - Parameter buffer: for what is read; its contents do not matter.
    /// - Returns: whether there was anything to serve.
    /// - Throws: `SSHError`, or `ProtocolViolation` when the channel has to end.
    mutating func serve(_ buffer: inout [UInt8]) throws -> Bool

    /// Abandons the files that the client has not closed.
    mutating func abandonFiles()
}

/// How much one channel is served before the next one.
enum ChannelShare {
    /// The number of reads.
    ///
    /// A channel that is not read to its end stays within its window (RFC 4254, section 5.2).
    static let reads = 32
    /// Bytes of replies after which they are sent before another request is decoded.
    static let replies = 128 << 10
}
