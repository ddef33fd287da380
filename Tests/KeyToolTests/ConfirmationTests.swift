import Foundation
import TestSupport
import Testing

/// What the passphrase has confirmed of an account: who can write to the vault changes it, and every tool notices.
@Suite(.serialized) struct ConfirmationTests {
    private let vault: KeyVault

    init() throws { vault = try KeyVault() }

    private var record: URL { vault.keys.appending(path: "confirmed.toml") }
    private var configs: URL { vault.scratch.url.appending(path: "Configs") }

    private func unlocked(_ arguments: [String], new: String? = nil) throws -> Command {
        try vault.run(arguments, passphrase: KeyVault.passphrase, new: new)
    }

    /// Whether the tools with the passphrase have nothing to say, and `doctor` neither.
    private func expectConfirmed(passphrase: String = KeyVault.passphrase, _ place: SourceLocation = #_sourceLocation)
        throws
    {
        let verified = try vault.run(["verify", "--unlock", "--user", "alice"], passphrase: passphrase)
        #expect(verified.status == 0 && verified.errors.isEmpty, "\(verified.errors)", sourceLocation: place)
        #expect(try findings().isEmpty, sourceLocation: place)
    }

    private func findings() throws -> [String] {
        try vault.run(["doctor", "--json"]).json()
            .filter { ["key", "confirmation", "home"].contains($0["check"] as? String) }
            .map { "\($0["severity"] ?? ""): \($0["what"] ?? "")" }
    }

    private func edit(_ from: String, _ to: String) throws {
        let text = try vault.text()
        // Not what the comments say.
        try #require(text.contains("\n\(from)"))
        try Data(text.replacing("\n\(from)", with: "\n\(to)").utf8).write(to: vault.configuration)
    }

    // MARK: The key

    enum Substitution: CaseIterable {
        case unprotected, unprotectedWithAComment, ofAnotherPassphrase, publicOnly, retired, forgedSubkey
    }

    /// Puts another key in the place of the user's, as somebody can who has the directory only.
    private func substitute(_ kind: Substitution) throws {
        switch kind {
        case .retired:
            let ring = try Data(contentsOf: vault.keys.appending(path: "pubring.kbx"))
            #expect(try unlocked(["rotate", "alice"]).status == 0)
            return try ring.write(to: vault.keys.appending(path: "pubring.kbx"))
        case .forgedSubkey: return try ProviderKey().forgeSubkey(of: "tester", in: vault.keys)
        case .unprotected, .unprotectedWithAComment, .ofAnotherPassphrase, .publicOnly: break
        }
        let provider = try ProviderKey(passphrase: kind == .ofAnotherPassphrase ? "provider" : "")
        try provider.addPublicKey(to: vault.keys)
        try provider.use(for: "alice", in: vault.configuration)
        switch kind {
        case .unprotected, .ofAnotherPassphrase: try provider.addSecretKey(to: vault.keys)
        case .unprotectedWithAComment:
            try provider.addSecretKey(to: vault.keys) { Data("Comment: protected-private-key\nKey: ".utf8) + $0 }
        case .publicOnly, .retired, .forgedSubkey: break
        }
    }

    /// What `SecretKeyFile.rewrap` did: a key without a passphrase opened with any.
    @Test(arguments: Substitution.allCases)
    func anotherKeyIsRefused(_ kind: Substitution) throws {
        try vault.store("file.gpg", Data("old".utf8))
        try substitute(kind)
        let before = try KeyVault.snapshot(configs)
        for arguments in [
            ["verify", "--unlock"], ["cat", "file"], ["rotate", "alice"], ["key", "export", "alice", "paper"],
        ] {
            let run = try unlocked(arguments)
            #expect(
                [1, 12, 17].contains(run.status) && !run.errors.isEmpty, "\(arguments) \(run.status) \(run.errors)")
            #expect(!run.text.contains("old"), "\(arguments)")
        }
        #expect(try unlocked(["user", "passwd", "alice"], new: KeyVault.newPassphrase).status != 0)
        #expect(try KeyVault.snapshot(configs) == before)
        #expect(try !findings().isEmpty)
        let listed = try vault.run(["key", "list"]).text
        #expect(["not protected", "not confirmed", "cannot log in"].contains { listed.contains($0) }, "\(listed)")
    }

    /// Without a record, as in an older vault, the passphrase must open the key, and no other.
    @Test(arguments: [Substitution.unprotected, .unprotectedWithAComment, .ofAnotherPassphrase, .publicOnly])
    func anotherKeyIsRefusedWithoutARecord(_ kind: Substitution) throws {
        try FileManager.default.removeItem(at: record)
        try substitute(kind)
        for arguments in [["verify", "--unlock"], ["rotate", "alice"], ["user", "confirm", "alice"]] {
            let run = try unlocked(arguments)
            #expect(run.status != 0, "\(arguments)")
        }
        #expect(!FileManager.default.fileExists(atPath: record.path))
    }

    /// Nothing is encrypted to a key whose secret part lies beside it in the open.
    @Test func encryptRefusesAnUnprotectedKey() throws {
        try substitute(.unprotected)
        try vault.scratch.file("plain", Data("secret".utf8))
        let run = try vault.run(["encrypt", "plain"])
        #expect(run.status == 1 && run.errors.contains("not protected by a passphrase"), "\(run.errors)")
        #expect(!FileManager.default.fileExists(atPath: vault.data.appending(path: "plain.gpg").path))
    }

    /// A subkey of somebody else's that the keyring says is verified is not taken, also without a passphrase.
    @Test(arguments: ["native", "gpgme"])
    func encryptIgnoresAForgedSubkey(_ engine: String) throws {
        let provider = try ProviderKey()
        try provider.forgeSubkey(of: "tester", in: vault.keys)
        try Data(("engine = \"\(engine)\"\n" + vault.text()).utf8).write(to: vault.configuration)
        try vault.scratch.file("plain", Data("secret".utf8))
        let run = try vault.run(["encrypt", "plain"])
        #expect(run.status == 0 && run.errors.contains("is new"), "\(run.errors)")
        #expect(try provider.decrypt(vault.data.appending(path: "plain.gpg")) == nil)
        #expect(try vault.open(["plain.gpg"])["plain.gpg"]?.contents == Data("secret".utf8))
    }

    // MARK: The settings

    @Test(arguments: [
        ("access = \"rw\"", "access = \"wo\"", "access was \"rw\" and is \"wo\""),
        ("home = \"alice\"", "home = \"other\"", "home was \"alice\" and is \"other\""),
        ("data = \"../data\"", "data = \"../elsewhere\"", "data was \"../data\" and is \"../elsewhere\""),
        ("access = \"rw\"", "access = \"rw\"\nmax_files = 5", "max_files was not set and is 5"),
    ])
    func anEditIsToldUntilItIsConfirmed(_ from: String, _ to: String, _ what: String) throws {
        for directory in ["data/other", "elsewhere/alice"] {
            try FileManager.default.createDirectory(
                at: vault.scratch.url.appending(path: directory), withIntermediateDirectories: true)
        }
        try edit(from, to)
        for _ in 1...2 {
            let told = try unlocked(["verify", "--unlock"])
            #expect(told.status == 0 && told.errors.contains(what), "\(told.errors)")
            #expect(told.errors.contains("cryptsftp user confirm alice"))
        }
        #expect(try findings() == ["problem: not as the passphrase has confirmed it: \(what)"])
        let wrong = try vault.run(["user", "confirm", "alice"], passphrase: "not the passphrase")
        #expect(wrong.status == 12, "\(wrong.errors)")
        #expect(try !findings().isEmpty)
        let confirmed = try unlocked(["user", "confirm", "alice", "--json"])
        #expect(try vault.summary(confirmed)["news"] as? [String] == [what], "\(confirmed.errors)")
        try expectConfirmed()
    }

    /// Another hash, which somebody has put there: the login it is for is not the owner's.
    @Test func anotherHashIsTold() throws {
        let line = try #require(try vault.line("password"))
        try edit(line, "")
        #expect(try unlocked(["verify", "--unlock"]).errors.contains("password is not set"))
    }

    /// A command confirms what it changes itself, and not what somebody else has changed before.
    @Test func aCommandConfirmsOnlyItsOwnChange() throws {
        try edit("access = \"rw\"", "access = \"wo\"")
        #expect(try unlocked(["user", "set", "alice", "--max-files", "5"]).status == 0)
        #expect(try findings() == ["problem: not as the passphrase has confirmed it: access was \"rw\" and is \"wo\""])
        #expect(try unlocked(["user", "passwd", "alice"], new: KeyVault.newPassphrase).status == 0)
        #expect(try findings() == ["problem: not as the passphrase has confirmed it: access was \"rw\" and is \"wo\""])
        let confirmed = try vault.run(["user", "confirm", "alice"], passphrase: KeyVault.newPassphrase)
        #expect(confirmed.status == 0, "\(confirmed.errors)")
        try expectConfirmed(passphrase: KeyVault.newPassphrase)
    }

    @Test func settingWithoutThePassphraseSaysSo() throws {
        let run = try vault.run(["user", "set", "alice", "--access", "wo"])
        #expect(run.status == 0 && run.errors.contains("user confirm alice"), "\(run.errors)")
        #expect(try unlocked(["verify", "--unlock"]).errors.contains("access was"))
        #expect(try unlocked(["user", "set", "alice", "--access", "rw"]).errors.contains("access was"))
        try expectConfirmed()
        // A wrong passphrase changes nothing.
        let before = try vault.text()
        let wrong = try vault.run(["user", "set", "alice", "--access", "wo"], passphrase: "not the passphrase")
        #expect(try wrong.status == 12 && vault.text() == before, "\(wrong.errors)")
    }

    // MARK: Commands keep it true

    @Test func commandsRenewIt() throws {
        try vault.store("file.gpg", Data("x".utf8))
        try expectConfirmed()
        #expect(try unlocked(["rotate", "alice"]).status == 0)
        try expectConfirmed()
        #expect(try unlocked(["rotate", "alice", "--new-key"]).status == 0)
        try expectConfirmed()
        #expect(try unlocked(["user", "set", "alice", "--access", "wo", "--max-files", "5"]).status == 0)
        try expectConfirmed()
        #expect(try unlocked(["user", "passwd", "alice"], new: KeyVault.newPassphrase).status == 0)
        try expectConfirmed(passphrase: KeyVault.newPassphrase)
        #expect(try vault.run(["rotate", "alice"], passphrase: KeyVault.newPassphrase).status == 0)
        try expectConfirmed(passphrase: KeyVault.newPassphrase)
    }

    /// A vault without a record works, and no command makes one of what it finds.
    @Test func anOlderVaultWorks() throws {
        try FileManager.default.removeItem(at: record)
        for arguments in [["verify", "--unlock"], ["rotate", "alice"], ["user", "set", "alice", "--access", "wo"]] {
            let run = try unlocked(arguments)
            #expect(run.status == 0 && run.errors.contains("cryptsftp user confirm alice"), "\(run.errors)")
        }
        #expect(!FileManager.default.fileExists(atPath: record.path))
        #expect(try findings() == ["note: the passphrase of alice has not confirmed the key and the settings"])
        #expect(try unlocked(["user", "confirm", "alice"]).status == 0)
        try expectConfirmed()
    }

    // MARK: The record

    @Test func aRecordThatSomebodyHasEdited() throws {
        let good = try String(contentsOf: record, encoding: .utf8)
        // The record says what server.conf says, but nobody with the passphrase has written that.
        try edit("access = \"rw\"", "access = \"wo\"")
        try Data(good.replacing("access = \"rw\"", with: "access = \"wo\"").utf8).write(to: record)
        let told = try unlocked(["verify", "--unlock"])
        #expect(told.status == 0 && told.errors.contains("was edited"), "\(told.errors)")
        // No command relies on it.
        #expect(try unlocked(["user", "set", "alice", "--max-files", "5"]).status == 0)
        #expect(try unlocked(["verify", "--unlock"]).errors.contains("was edited"))
        // Nobody can make a code without the passphrase.
        let place = try #require(good.range(of: "key_code = \"")).upperBound
        let forged = good.replacingCharacters(in: place...place, with: good[place] == "0" ? "1" : "0")
        for broken in [
            forged, "", "[[account]]\nname = \"alice\"\n", good.replacing("name = \"alice\"", with: "name = \"bob\""),
        ] {
            try Data(broken.utf8).write(to: record)
            let refused = try unlocked(["verify", "--unlock"])
            #expect(refused.status == 17 && !refused.errors.isEmpty, "\(broken): \(refused.errors)")
        }
        try FileManager.default.removeItem(at: record)
        try #require(mkfifo(record.path, 0o600) == 0)
        #expect(try unlocked(["verify", "--unlock"]).status == 17)
        #expect(try unlocked(["user", "confirm", "alice"]).status == 0)
        try expectConfirmed()
    }

    // MARK: Adding

    /// Somebody has made keys/carl before carl is added.
    @Test func aKeyThatIsThereAlreadyIsNotTaken() throws {
        let provider = try ProviderKey()
        let keys = configs.appending(path: "keys/carl")
        try FileManager.default.createDirectory(
            at: keys.appending(path: "private-keys-v1.d"), withIntermediateDirectories: true)
        try provider.addPublicKey(to: keys)
        try provider.addSecretKey(to: keys)
        let before = try KeyVault.snapshot(configs)
        let refused = try unlocked(["user", "add", "carl"])
        #expect(refused.status == 1 && refused.errors.contains(provider.fingerprint), "\(refused.errors)")
        #expect(refused.errors.contains("--key FINGERPRINT"))
        let named = try unlocked(["user", "add", "carl", "--key", provider.fingerprint])
        #expect(named.status == 1 && named.errors.contains("not protected by a passphrase"), "\(named.errors)")
        #expect(try KeyVault.snapshot(configs) == before)
    }

    @Test func aKeyIsTakenOverByItsFingerprint() throws {
        let key = try #require(try vault.line("key")?.split(separator: "\"").dropFirst().first.map(String.init))
        #expect(try vault.run(["user", "remove", "alice"]).status == 0)
        #expect(try unlocked(["user", "add", "alice"]).status == 1)
        let wrong = try vault.run(["user", "add", "alice", "--key", key], passphrase: "not the passphrase")
        #expect(wrong.status == 12, "\(wrong.errors)")
        #expect(try unlocked(["user", "add", "alice", "--key", key]).status == 0)
        try expectConfirmed()
        #expect(try unlocked(["user", "add", "bob", "--key", key]).status == 1)
    }

    /// Adding a user confirms that user, and touches nothing of another.
    @Test func addingAUserChangesNothingElse() throws {
        let before = try KeyVault.snapshot(vault.keys)
        #expect(try unlocked(["user", "add", "bob"]).status == 0)
        #expect(try KeyVault.snapshot(vault.keys) == before)
        let verified = try unlocked(["verify", "--unlock", "--user", "bob"])
        #expect(verified.status == 0 && verified.errors.isEmpty, "\(verified.errors)")
        let text = try String(contentsOf: configs.appending(path: "keys/bob/confirmed.toml"), encoding: .utf8)
        for line in ["name = \"bob\"", "access = \"rw\"", "home = \"bob\"", "data = \"../data\""] {
            #expect(text.contains("\n\(line)\n"), "\(line)")
        }
        try expectConfirmed()
    }
}
