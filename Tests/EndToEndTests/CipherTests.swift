import Foundation
import TestSupport
import Testing

/// Which cipher a client gets, by what it offers.
@Suite(.serialized) struct CipherTests {
    private let server: RunningServer

    init() throws { server = try RunningServer([("alice", "wo")]) }

    /// The cipher that OpenSSH's client and the server have agreed on, for both directions.
    private func agreed(_ options: [String]) throws -> Set<String> {
        // It comes behind the log level of all tests, and counts.
        let run = try server.sftp("alice", "pwd", password: "anything", options: options + ["-v"])
        try #require(run.status == 0, "\(options): \(run.errors)")
        return Set(run.errors.matches(of: /kex: \S+ cipher: (\S+)/).map { String($0.1) })
    }

    /// By its own order OpenSSH's client before 10.0 would take AES-CTR, and a hash over each packet.
    @Test func whoHasGCMGetsIt() throws {
        let ciphers = try agreed([])
        #expect(ciphers.count == 1, "\(ciphers)")
        #expect(ciphers.allSatisfy { $0.contains("gcm") || $0.contains("chacha20") }, "\(ciphers)")
    }

    @Test(arguments: ["aes256-ctr", "aes128-ctr", "aes128-gcm@openssh.com", "aes256-gcm@openssh.com"])
    func whoWantsOneCipherGetsThat(cipher: String) throws {
        #expect(try agreed(["-c", cipher]) == [cipher])
    }

    /// Such a client waits for the server to begin.
    @Test func whoSaysNothingIsSpokenTo() throws {
        let connection = try RawConnection(to: server)
        let line = Array("SSH-2.0-cryptsftp\r\n".utf8)
        #expect(connection.read(line.count) == line)
        connection.send(Array("SSH-2.0-Patient\r\n".utf8))
        // The packet with the server's offer follows by itself: type 20 behind its length and that of the padding.
        #expect(connection.read(6).last == 20)
    }
}
