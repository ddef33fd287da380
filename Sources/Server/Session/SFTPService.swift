internal import SFTP
internal import SSHTransport

/// The `sftp` subsystem on a channel (RFC 4254, section 6.5).
struct SFTPService: ChannelService {
    let channel: Channel
    private var session: SFTPSession
    private let stallTimeout: Duration

    /// - Parameter stallTimeout: how long the client may take none of what it is sent.
    init(_ channel: Channel, _ fileSystem: any FileSystem, stallTimeout: Duration) {
        self.channel = channel
        self.stallTimeout = stallTimeout
        session = SFTPSession(fileSystem: fileSystem)
    }

    var openFiles: Int { session.openFiles }

    var isOver: Bool { channel.isAtEnd }

    mutating func serve(_ buffer: inout [UInt8]) throws -> Bool {
        var hasServed = false
        for _ in 0..<ChannelShare.reads {
            let count = try buffer.withUnsafeMutableBytes { try channel.read(into: $0) }
            guard count > 0 else {
                session.prefetch()
                break
            }
            buffer.withUnsafeBytes { session.receive(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            try answer()
            hasServed = true
        }
        return hasServed
    }

    /// Answers all whole requests: in batches, and completely before more is read.
    private mutating func answer() throws {
        var output: [UInt8] = []
        // The replies that come before a protocol violation are still sent.
        let result = Result {
            while try session.serveNext(into: &output) {
                if output.count >= ChannelShare.replies {
                    try channel.write(output, stallTimeout: stallTimeout)
                    output.removeAll(keepingCapacity: true)
                }
            }
        }
        if !output.isEmpty { try channel.write(output, stallTimeout: stallTimeout) }
        try result.get()
    }

    mutating func abandonFiles() { session.end() }
}
