import Foundation
import SSHTransport
import Testing

/// A connection that cannot be set up.
@Suite struct ConnectionTests {
    private final class Nobody: Authenticator {
        func accepts(user: [UInt8], password: UnsafeRawBufferPointer) -> Bool { false }
        func accepts(user: [UInt8], key: PublicKey) -> Bool { false }
        func loggedIn(user: [UInt8], key: PublicKey) -> Bool { false }
    }

    /// The files that this process has open, as `/proc` names them.
    private var openFiles: Set<String> {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return Set(names.compactMap { try? openFile($0) })
    }

    private func openFile(_ descriptor: String) throws -> String {
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
    }

    private func makePair() throws -> (server: Int32, client: FileHandle) {
        var pair: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
        return (pair[0], FileHandle(fileDescriptor: pair[1], closeOnDealloc: true))
    }

    /// libssh refuses to accept without a host key.
    @Test func itsSocketIsClosedWhenItCannotBeSetUp() throws {
        let (server, client) = try makePair()
        #expect(throws: SSHError.self) {
            try Connection(
                server, hostKeys: [], .init(authenticationTries: 1, stallTimeout: .seconds(1)), Nobody())
        }
        // All of our identification, and then the end.
        #expect(try client.readToEnd() == Data("SSH-2.0-cryptsftp\r\n".utf8))
    }

    /// The client is gone before libssh has sent its identification.
    @Test func itsSocketIsClosedWhenTheKeyExchangeFails() throws {
        let (server, client) = try makePair()
        let socket = try openFile("\(server)")
        do {
            let connection = try Connection(
                server, hostKeys: [HostKey(generating: .ed25519)],
                .init(authenticationTries: 1, stallTimeout: .seconds(1)), Nobody())
            #expect(openFiles.contains(socket))
            try client.close()
            #expect(throws: SSHError.self) { try connection.exchangeKeys() }
        }
        #expect(!openFiles.contains(socket))
    }
}
