import Foundation
import TestSupport
import Testing

/// The host key's signatures, which another process makes, with the clients' key exchanges.
@Suite struct HostKeySignatureTests {
    private let server: RunningServer

    init() throws { server = try RunningServer([("alice", "rw")]) }

    /// Each key exchange of a connection takes a signature, and its client checks it.
    @Test(arguments: ["ssh-ed25519", "rsa-sha2-256", "rsa-sha2-512"])
    func keysAreExchangedAgainAndAgain(algorithm: String) throws {
        let contents = Data.random(6 << 20)
        try server.scratch.file("up", contents)
        let options = ["-oHostKeyAlgorithms=\(algorithm)", "-oRekeyLimit=256K", "-v", "-oLogLevel=DEBUG1"]
        let run = try server.sftp("alice", "put up file\nget file down", options: options)
        #expect(run.status == 0, "\(run.errors.suffix(2000))")
        #expect(try Data(contentsOf: server.scratch.url.appending(path: "down")) == contents)
        #expect(run.errors.components(separatedBy: "SSH2_MSG_NEWKEYS received").count > 20)
    }

    /// Each curve has an exchange hash of its own length.
    @Test(arguments: ["curve25519-sha256", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521"])
    func everyKeyExchangeIsSigned(method: String) throws {
        #expect(try server.sftp("alice", "pwd", options: ["-oKexAlgorithms=\(method)"]).status == 0)
    }

    /// The client knows the key: a signature with another one would not do.
    @Test func itIsTheKeyOfTheVault() throws {
        for kind in ["ed25519", "rsa"] {
            let file = server.configuration.deletingLastPathComponent().appending(path: "hostkeys/\(kind)_key").path
            let key = try Command.run("ssh-keygen", ["-y", "-f", file]).text
            let known = try server.scratch.file("known", Data("[127.0.0.1]:\(server.port) \(key)".utf8))
            let options = ["-oUserKnownHostsFile=\(known.path)", "-oStrictHostKeyChecking=yes"]
            let run = try Command.run(
                "sftp",
                options + server.sshOptions + ["-P", server.port, "-b", "-", "alice@127.0.0.1"],
                input: Data("pwd\n".utf8), environment: server.environment())
            #expect(run.status == 0, "\(run.errors)")
        }
    }
}
