private import Foundation
internal import Platform

/// Sends our identification string and peeks at the client's KEXINIT before libssh takes the socket.
///
/// libssh fixes its algorithm list before it reads anything; we need the client's list first to offer GCM alone. libssh
/// is therefore given one end of a socket pair, its identification is swallowed, and the client's socket is `dup2`ed
/// over that end (RFC 4253, 4.2 and 7.1).
final class KexInitPeek {
    /// The client's KEXINIT; nil when the client waits for ours, or sends something else.
    let proposal: ClientProposal?
    /// The client's socket, until it is attached.
    private var client: OwnedDescriptor?
    private let libsshEnd: Int32
    private var libsshEndIsOurs = true
    /// The other end, where libssh's identification arrives.
    private let ourEnd: OwnedDescriptor
    private var libsshIdentification = [UInt8](repeating: 0, count: KexInitPeek.identification.count)
    private var receivedCount = 0

    /// The software version of our identification string, which libssh must send, too.
    static let software = "cryptsftp"
    private static let identification = Array("SSH-2.0-\(software)\r\n".utf8)
    /// How long the client's identification and KEXINIT may take: nearly all clients send them without waiting.
    private static let clientTimeout = Duration.milliseconds(300)

    /// Sends the identification string and waits for the client's KEXINIT.
    ///
    /// - Parameter client: the connected socket.
    init(_ client: OwnedDescriptor) throws(SSHError) {
        var pair: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else {
            throw SSHError("no socket: \(SystemError.last)")
        }
        self.client = client
        libsshEnd = pair[0]
        ourEnd = OwnedDescriptor(pair[1])
        send(client.raw, KexInitPeek.identification, KexInitPeek.identification.count, Int32(MSG_NOSIGNAL))
        proposal = KexInitPeek.peek(client.raw)
    }

    deinit {
        if libsshEndIsOurs { close(libsshEnd) }
    }

    /// Gives away the descriptor that libssh is to use and close.
    func handOver() -> Int32 {
        libsshEndIsOurs = false
        return libsshEnd
    }

    /// Reads what libssh has sent so far.
    ///
    /// - Returns: whether its identification is complete.
    func libsshHasIdentified() -> Bool {
        let count = libsshIdentification.withUnsafeMutableBytes { bytes in
            let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[receivedCount...])
            return recv(ourEnd.raw, rest.baseAddress, rest.count, Int32(MSG_DONTWAIT))
        }
        receivedCount += max(0, count)
        return receivedCount == libsshIdentification.count
    }

    /// Puts the client's socket in place of libssh's end of the pair.
    ///
    /// - Throws: when libssh's identification is not the one that the client was sent.
    func attachClient() throws(SSHError) {
        guard libsshIdentification == KexInitPeek.identification, let client,
            dup2(client.raw, libsshEnd) == libsshEnd
        else { throw SSHError("libssh does not begin as expected") }
        _ = fcntl(libsshEnd, F_SETFD, FD_CLOEXEC)
        self.client = nil
    }

    private static func peek(_ client: Int32) -> ClientProposal? {
        var bytes = [UInt8](repeating: 0, count: ClientProposal.longest)
        let end = ContinuousClock.now + clientTimeout
        while case let left = ContinuousClock.now.duration(to: end).milliseconds, left > 0 {
            let count = recv(client, &bytes, bytes.count, Int32(MSG_PEEK | MSG_DONTWAIT))
            guard count > 0 || count < 0 && [EAGAIN, EINTR].contains(errno) else { return nil }
            switch ClientProposal.read(Array(bytes.prefix(max(0, count)))) {
            case .proposal(let proposal): return proposal
            case .other: return nil
            // poll would return at once, because of the bytes that are there already.
            case .incomplete where count > 0: usleep(1000)
            case .incomplete:
                var waiting = pollfd(fd: client, events: Int16(POLLIN), revents: 0)
                poll(&waiting, 1, left + 1)
            }
        }
        return nil
    }
}
