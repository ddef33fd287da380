private import Foundation

/// The first words between the client and this server, before libssh knows of the client.
///
/// libssh settles what it offers before it has read anything. So the server's identification is sent here, and the
/// client's offer looked at where it waits in the socket. libssh, which begins with an identification of its own, says
/// that into a pair of sockets where nobody listens; then the client takes that pair's place.
final class KexInitPeek {
    /// What the client has offered; nil when it waits for us to begin, or says something else.
    let proposal: ClientProposal?
    /// The socket that libssh is given.
    let descriptor: Int32
    private let client: Int32
    private let listener: Int32
    private var heard = [UInt8](repeating: 0, count: KexInitPeek.identification.count)
    private var heardCount = 0

    private static let software = "cryptsftp"
    private static let identification = Array("SSH-2.0-\(software)\r\n".utf8)
    /// Milliseconds that a client's first words may take.
    ///
    /// Nearly all clients send them unasked.
    private static let clientTimeout = Duration.milliseconds(300)

    /// - Parameter client: the connected socket. From now on it is libssh's to close, as ``descriptor``.
    init(_ client: Int32) throws(SSHError) {
        var pair: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else {
            throw SSHError("no socket: \(String(cString: strerror(errno)))")
        }
        (self.client, descriptor, listener) = (client, pair[0], pair[1])
        send(client, KexInitPeek.identification, KexInitPeek.identification.count, Int32(MSG_NOSIGNAL))
        proposal = KexInitPeek.peek(client)
    }

    deinit { close(listener) }

    /// What the bind object is told of itself, so that it says the same.
    static var banner: String { software }

    /// Whether libssh has said its identification, as far as it has come by now.
    func hearsServer() -> Bool {
        let count = heard.withUnsafeMutableBytes { bytes in
            let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[heardCount...])
            return recv(listener, rest.baseAddress, rest.count, Int32(MSG_DONTWAIT))
        }
        heardCount += max(0, count)
        return heardCount == heard.count
    }

    /// Lets the client take its place, once libssh has said the very identification that the client knows.
    func admitClient() throws(SSHError) {
        guard heard == KexInitPeek.identification, dup2(client, descriptor) == descriptor else {
            throw SSHError("libssh does not begin as expected")
        }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        close(client)
    }

    private static func peek(_ client: Int32) -> ClientProposal? {
        var bytes = [UInt8](repeating: 0, count: ClientProposal.longest)
        let end = ContinuousClock.now + clientTimeout
        while case let left = ContinuousClock.now.duration(to: end) / .milliseconds(1), left > 0 {
            let count = recv(client, &bytes, bytes.count, Int32(MSG_PEEK | MSG_DONTWAIT))
            guard count > 0 || count < 0 && [EAGAIN, EINTR].contains(errno) else { return nil }
            switch ClientProposal.read(Array(bytes.prefix(max(0, count)))) {
            case .proposal(let proposal): return proposal
            case .other: return nil
            // What is there already would end a wait for more at once.
            case .incomplete where count > 0: usleep(1000)
            case .incomplete:
                var waiting = pollfd(fd: client, events: Int16(POLLIN), revents: 0)
                poll(&waiting, 1, Int32(left) + 1)
            }
        }
        return nil
    }
}
