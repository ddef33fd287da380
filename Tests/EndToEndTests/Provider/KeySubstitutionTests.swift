import Foundation
import TestSupport
import Testing

/// Somebody who can write to the vault, and knows no passphrase, changes keys under a running server.
@Suite(.serialized) struct KeySubstitutionTests {
    private let machine: Scratch
    private let server: RunningServer

    init() throws {
        machine = try Scratch()
        server = try RunningServer(
            [("alice", "rw"), ("drop", "wo")], environment: ["XDG_STATE_HOME": machine.path("state")])
        try server.scratch.file("file", Data("the NEW secret".utf8))
    }

    private func keys(_ user: String) -> URL { server.scratch.url.appending(path: "Configs/keys/\(user)") }

    private func stored(_ user: String, _ name: String) -> Bool {
        // Visits to a write-only account have directories.
        let stored = try? FileManager.default.subpathsOfDirectory(atPath: server.data.appending(path: user).path)
        return stored?.contains { $0.hasSuffix("\(name).gpg") } ?? false
    }

    private func trust() throws {
        let run = try Command.run(
            RunningServer.program, ["trust", "-c", server.configuration.path],
            environment: ["XDG_STATE_HOME": machine.path("state")])
        #expect(run.status == 0, "\(run.errors)")
    }

    /// The attack that worked: a key without a passphrase opened with any.
    @Test(arguments: [false, true])
    func aKeyWithoutAPassphrase(_ hasRecord: Bool) throws {
        #expect(try server.sftp("alice", "put file old").status == 0, "\(server.log)")
        #expect(!server.log.contains("not as confirmed"))
        if !hasRecord { try FileManager.default.removeItem(at: keys("alice").appending(path: "confirmed.toml")) }
        let provider = try ProviderKey()
        try provider.addPublicKey(to: keys("alice"))
        try provider.addSecretKey(to: keys("alice"))
        try provider.use(for: "alice", in: server.configuration)
        #expect(try server.sftp("alice", "put file new").status != 0)
        #expect(!stored("alice", "new"))
        #expect(server.log.contains("not protected by a passphrase"), "\(server.log)")
    }

    /// The subkey that a rotation has retired, put back in use: the passphrase opens it, and has confirmed another.
    @Test func aRetiredSubkey() throws {
        let ring = try Data(contentsOf: keys("alice").appending(path: "pubring.kbx"))
        let secret = try server.scratch.file("passphrase", Data("\(RunningServer.passphrase)\n".utf8))
        let rotated = try Command.run(
            RunningServer.program,
            ["rotate", "alice", "-c", server.configuration.path, "--passphrase-file", secret.path],
            environment: QuickGnuPG.environment)
        #expect(rotated.status == 0, "\(rotated.errors)")
        #expect(try server.sftp("alice", "put file old").status == 0)
        try ring.write(to: keys("alice").appending(path: "pubring.kbx"))
        #expect(try server.sftp("alice", "put file new").status != 0)
        #expect(!stored("alice", "new"))
        #expect(server.log.contains("another key than the confirmed one"), "\(server.log)")
    }

    /// The owner of a write-only account is not shown the view of everybody else, in which all looks right.
    @Test func onlyAPublicKeyForAWriteOnlyAccount() throws {
        #expect(try server.sftp("drop", "put file old").status == 0)
        let provider = try ProviderKey()
        try provider.addPublicKey(to: keys("drop"))
        try provider.use(for: "drop", in: server.configuration)
        #expect(try server.sftp("drop", "put file new").status != 0)
        #expect(!stored("drop", "new"))
        #expect(server.log.contains("the user's key cannot be opened"), "\(server.log)")
        // Anybody else cannot know: this is what `trust` is for.
        #expect(try server.sftp("drop", "put file theirs", password: "anything").status == 0)
        #expect(server.log.contains("another key than the confirmed one"), "\(server.log)")
    }

    /// On a machine that remembers the keys, nobody uploads to another one; and the running server sees both changes.
    @Test func aTrustingMachineStopsUploads() throws {
        try trust()
        #expect(try server.sftp("drop", "put file first", password: "anything").status == 0, "\(server.log)")
        let provider = try ProviderKey()
        try provider.addPublicKey(to: keys("drop"))
        try provider.use(for: "drop", in: server.configuration)
        #expect(try server.sftp("drop", "put file new", password: "anything").status != 0)
        #expect(!stored("drop", "new"))
        #expect(server.log.contains("not the key that this machine trusts"), "\(server.log)")
        // The other account is as it was.
        #expect(try server.sftp("alice", "put file new").status == 0, "\(server.log)")
        try trust()
        #expect(try server.sftp("drop", "put file new", password: "anything").status == 0, "\(server.log)")
        // Host keys, and the id that the machine knows the vault by.
        let key = server.scratch.url.appending(path: "Configs/hostkeys/ed25519_key")
        let (good, id) = (try Data(contentsOf: key), server.scratch.url.appending(path: "Configs/vault-id"))
        try FileManager.default.removeItem(at: key)
        try #require(try Command.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key.path]).status == 0)
        #expect(try server.sftp("alice", "ls").status != 0)
        #expect(server.log.contains("not the host keys that this machine trusts"), "\(server.log)")
        try good.write(to: key)
        #expect(try server.sftp("alice", "ls").status == 0, "\(server.log)")
        try FileManager.default.removeItem(at: id)
        #expect(try server.sftp("alice", "ls").status != 0)
        #expect(server.log.contains("vault-id"), "\(server.log)")
    }

    /// A subkey of the provider's in the keyring, marked as verified there.
    @Test(arguments: ["drop", "alice"])
    func aForgedSubkey(_ user: String) throws {
        let provider = try ProviderKey()
        try provider.forgeSubkey(of: user, in: keys(user))
        if user == "drop" {
            #expect(try server.sftp("drop", "put file new", password: "anything").status == 0, "\(server.log)")
            let stored = try "\(server.visit())/new.gpg"
            #expect(try provider.decrypt(server.data.appending(path: stored)) == nil)
            #expect(try server.recover(stored, user: "drop").output == Data("the NEW secret".utf8))
        } else {
            #expect(try server.sftp("alice", "put file new").status != 0)
        }
        #expect(server.log.contains("is new"), "\(server.log)")
    }

    /// Settings that somebody else has changed are told at each login, and at the start.
    @Test func changedSettingsAreTold() throws {
        let text = try String(contentsOf: server.configuration, encoding: .utf8)
        let edited = text.replacing("\naccess = \"rw\"", with: "\naccess = \"wo\"")
        try Data(edited.utf8).write(to: server.configuration)
        #expect(try server.sftp("alice", "ls").status == 0)
        #expect(server.log.matches(of: /not as confirmed[^\n]*access was/).count == 2, "\(server.log)")
        try server.restart()
        #expect(server.log.matches(of: /not as confirmed[^\n]*access was/).count == 1, "\(server.log)")
    }
}
