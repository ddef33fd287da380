import Foundation
import SSHTransport
import TestSupport
import Testing

/// Host keys and clients' keys, with `ssh-keygen` as the judge.
@Suite struct KeyTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test(arguments: HostKey.Kind.allCases) func printsWhatSSHKeygenPrints(kind: HostKey.Kind) throws {
        let path = scratch.path("key")
        let key = try HostKey(generating: kind)
        try key.write(to: path)
        // Bits, hash and type; ssh-keygen has "no comment" for one key format and an empty one for the other.
        let listed = try Command.run("ssh-keygen", ["-l", "-f", path]).text.split(separator: " ")
        let ours = key.fingerprintLine.split(separator: " ")
        #expect(ours.prefix(2) == listed.prefix(2))
        #expect(listed.last?.hasPrefix(ours.last ?? "none") == true)
        #expect(try HostKey(path: path).fingerprintLine == key.fingerprintLine)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func replacesNoKey() throws {
        let path = scratch.path("key")
        try HostKey(generating: .ed25519).write(to: path)
        let before = try Data(contentsOf: URL(filePath: path))
        #expect(throws: SSHError.self) { try HostKey(generating: .ed25519).write(to: path) }
        #expect(try Data(contentsOf: URL(filePath: path)) == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path) == ["key"])
    }

    @Test func refusesWhatIsNoKey() throws {
        try scratch.file("key", Data("no key".utf8))
        #expect(throws: SSHError.self) { try HostKey(path: scratch.path("key")) }
        #expect(throws: SSHError.self) { try HostKey(path: scratch.path("nothing")) }
    }

    @Test(arguments: ["ed25519", "rsa", "ecdsa"]) func readsAuthorizedKeys(type: String) throws {
        let path = scratch.path("id")
        #expect(try Command.run("ssh-keygen", ["-q", "-t", type, "-N", "", "-f", path, "-C", "a comment"]).status == 0)
        let line = try String(contentsOfFile: path + ".pub", encoding: .utf8)
        let key = try #require(PublicKey(line: line))
        #expect(key.blob != nil)
        #expect(try Command.run("ssh-keygen", ["-l", "-f", path + ".pub"]).text.contains(key.fingerprint))
        #expect(PublicKey(line: "no-pty " + line) == nil)
        #expect(PublicKey(line: String(line.dropFirst(12))) == nil)
    }

    @Test(arguments: ["", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-rsa ????", "ssh-dss AAAAB3NzaC1kc3MAAACBAP1"])
    func refusesLinesThatAreNoKeys(line: String) { #expect(PublicKey(line: line) == nil) }

    @Test func tellsWhyItCannotListen() throws {
        let sockets = try ListeningSockets(host: "127.0.0.1", port: 0)
        let port = try #require(sockets.all.first).port
        let user = try #require(getpwuid(getuid()))
        let whose = "by a program of \(String(cString: user.pointee.pw_name)) (uid \(getuid()))"
        #expect(throws: SSHError("cannot listen on 127.0.0.1:\(port): the port is in use, \(whose)")) {
            try ListeningSockets(host: "localhost", port: port)
        }
        #expect(throws: SSHError.self) { try ListeningSockets(host: "no such host.", port: 0) }
    }
}
