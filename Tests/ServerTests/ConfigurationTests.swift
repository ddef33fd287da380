import Foundation
import OpenPGP
import Server
import ServerConfiguration
import TestSupport
import Testing

@Suite struct ConfigurationTests {
    private static let key = String(repeating: "AB", count: 20)
    private static let user = "[[user]]\nname = \"alice\"\nkey = \"\(key)\"\n"

    private func read(_ text: String) throws -> Configuration {
        let scratch = try Scratch()
        return try Configuration(file: scratch.file("server.conf", Data(text.utf8)))
    }

    /// The message for a malformed file; empty when it is taken.
    private func complaint(_ text: String) -> String {
        do {
            _ = try read(text)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func hasDefaults() throws {
        let configuration = try read("")
        #expect(configuration.listen == ListenAddress("127.0.0.1:2200"))
        #expect(configuration.limits == ServerLimits())
        #expect(configuration.engine == .native)
        #expect(configuration.accounts.isEmpty)
        #expect(!configuration.portableNames)
        #expect(configuration.data.path == configuration.directory.appending(path: "data").path)
    }

    @Test func readsWhetherNamesArePortable() throws {
        #expect(try read("portable_names = true\n").portableNames)
        #expect(try !read("portable_names = false\n").portableNames)
        #expect(complaint("portable_names = \"yes\"\n").contains("server.conf:1: 'portable_names'"))
    }

    @Test(arguments: EngineKind.allCases) func readsTheEngine(engine: EngineKind) throws {
        #expect(try read("engine = \"\(engine.rawValue)\"\n" + Self.user).engine == engine)
    }

    @Test func readsUsers() throws {
        let configuration = try read(
            Self.user + "access = \"wo\"\nhome = \"a/b\"\n" + "[[user]]\nname = \"b\"\nkey = \"\(Self.key)\"\n")
        #expect(configuration.accounts.map(\.name) == ["alice", "b"])
        #expect(configuration.accounts[0].access == .wo)
        #expect(configuration.accounts[0].home == "a/b")
        #expect(configuration.accounts[1].access == .rw)
        #expect(configuration.accounts[1].home == "b")
    }

    /// What the server keeps for itself in the data directory, it also removes.
    @Test(arguments: [".cryptsftp-drafts", ".CryptSFTP-drafts", "a/.cryptsftp-x/b", ".cryptsftp-"])
    func refusesReservedHomes(_ home: String) {
        #expect(complaint(Self.user + "home = \"\(home)\"\n").contains("server.conf:4: 'home'"), "\(home)")
    }

    @Test(arguments: [
        ("alice", "alice", true), ("alice", "Alice", true), ("alice", "alice/inbox", true), (".", "alice", true),
        ("a/b", "a", true), ("alice", "alice2", false), ("a/b", "a/c", false),
    ])
    func homesThatMeet(_ one: String, _ other: String, _ meet: Bool) throws {
        func text(_ shared: String) -> String {
            Self.user + "home = \"\(one)\"\n" + Self.user.replacing("alice", with: "bob")
                + "home = \"\(other)\"\n\(shared)"
        }
        #expect(try read(text("")).sharedHomes.isEmpty == !meet)
        #expect(try read(text("shared = true\n")).sharedHomes.isEmpty)
    }

    @Test func takesHeadingsWithBlanksAndComments() throws {
        let text =
            "\u{feff}  [ limits ] # how much\n\tlogin_tries = 3\n[[ user ]]\nname = \"a\"\nkey = \"\(Self.key)\"\n"
        let configuration = try read(text)
        #expect(configuration.limits.loginTries == 3)
        #expect(configuration.accounts.map(\.name) == ["a"])
    }

    @Test func pathsAreRelativeToTheFile() throws {
        let scratch = try Scratch()
        let directory = scratch.url.appending(path: "Configs")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try Data("data = \"../data\"\n".utf8).write(to: directory.appending(path: "server.conf"))
        let configuration = try Configuration(file: directory.appending(path: "server.conf"))
        #expect(configuration.data.path == scratch.path("data"))
        #expect(configuration.keyDirectory(of: "alice").path == directory.appending(path: "keys/alice").path)
    }

    @Test(arguments: [
        ("listen = \"127.0.0.1:2200\"\nlisten = \"x\"\n", "server.conf:2:"),
        ("listen = \"127.0.0.1\"\n", "server.conf:1:"),
        ("listen = 2200\n", "server.conf:1: 'listen'"),
        ("engine = \"gpg\"\n", "server.conf:1: 'engine'"),
        ("data = \"x\"\nengine = true\n", "server.conf:2: 'engine'"),
        ("# comment\nlistne = \"127.0.0.1:2200\"\n", "server.conf:2: unknown setting 'listne'"),
        ("[limits]\nlogin_seconds = 0\n", "server.conf:2: 'login_seconds'"),
        ("[limits]\r\nlogin_seconds = \"3\"\r\n", "server.conf:2: 'login_seconds'"),
        ("[[user]]\nname = \"a b\"\nkey = \"\(key)\"\n", "server.conf:2: 'name'"),
        ("[[user]]\nname = \"-a\"\nkey = \"\(key)\"\n", "server.conf:2: 'name'"),
        ("[[user]]\nname = \"../a\"\nkey = \"\(key)\"\n", "server.conf:2: 'name'"),
        (user + "access = \"ro\"\n", "server.conf:4: 'access'"),
        (user + "home = \"../x\"\n", "server.conf:4: 'home'"),
        (user + "home = \"/etc\"\n", "server.conf:4: 'home'"),
        (user + "home = \"a//b\"\n", "server.conf:4: 'home'"),
        (user + "password = \"secret\"\n", "server.conf:4: 'password'"),
        (user + "password = \"$argon2id$zzz\"\n", "server.conf:4: 'password'"),
        (user + "on_exists = \"some\"\n", "server.conf:4: 'on_exists'"),
        (user + "max_megabytes = 0\n", "server.conf:4: 'max_megabytes'"),
        (user + "max_files = \"5\"\n", "server.conf:4: 'max_files'"),
        (user + "max_depth = 2000\n", "server.conf:4: 'max_depth'"),
        (user + "authorized_keys = [\"ssh-dss AAAA\"]\n", "server.conf:4: 'authorized_keys'"),
        (user + "authorized_keys = [\"no-pty ssh-ed25519 AAAA\"]\n", "server.conf:4: 'authorized_keys'"),
        (user + user, "server.conf:5: 'name'"),
        (user + "[[user]]\nname = \"bob\"\nkey = \"short\"\n", "server.conf:6: 'key'"),
        (user + "[[user]]\nname = \"bob\"\n", "server.conf:4: 'key' is missing"),
        ("[[user]]\nkey = \"\(key)\"\n", "server.conf:1: 'name' is missing"),
        ("listen = \"127.0.0.1:2200\n", "server.conf:1:"),
        ("[server]", "server.conf:1: unknown heading '[server]'"),
        ("\n \t[[users]]", "server.conf:2: unknown heading '[[users]]'"),
        ("listen = 1979-05-27Ti:2\n", "server.conf:1: '1979-05-27Ti:2' must be in quotes"),
        ("# a: 1-2\ndata = 'a: 1-2' # \"\nlisten = 12:30:99\n", "server.conf:3: '12:30:99' must be"),
        ("access = rw\n", "server.conf:1: 'rw' must be in quotes"),
        ("[[limits]]\n", "server.conf:1: unknown heading '[[limits]]'"),
        ("[user]\n", "server.conf:1: unknown heading '[user]'"),
        (user + "acces = \"rw\"\n", "server.conf:4: unknown setting 'acces'"),
        (user + "home = 1\n", "server.conf:4: 'home' must be a string in quotes"),
        (user + "authorized_keys = \"x\"\n", "server.conf:4: 'authorized_keys' must be a list of strings"),
        ("portable_names = 1\n", "server.conf:1: 'portable_names' must be true or false"),
        ("[limits]\nsessions = 1000001\n", "server.conf:2: 'sessions' must be a whole number, 1 to 1000000"),
        (user + "key = \"\(key)\"\n", "server.conf:4: 'key' is set already, in line 3"),
        ("data = \"x\"\n\u{0}", "server.conf:2: unexpected character outside quotes"),
    ])
    func tellsLineAndReason(_ text: String, _ complaint: String) {
        #expect(self.complaint(text).hasPrefix(complaint), "\(self.complaint(text))")
    }

    /// A file of an older version still starts the server, which says what has no effect.
    @Test func aSettingWithoutEffectIsAWarning() throws {
        let file = URL(filePath: "/vault/Configs/server.conf")
        let user = "[[user]]\nname = \"bob\"\nkey = \"\(Self.key)\"\n"
        let old = try Configuration(user + "wo_list = \"own\"\n", file: file)
        let new = try Configuration(user, file: file)
        #expect(old.accounts == new.accounts && new.warnings == [])
        #expect(old.warnings.count == 1 && old.warnings[0].contains("wo_list of bob has no effect"))
    }

    @Test func limitsOfUploadsAreRead() throws {
        let text = """
            [limits]
            reserve_megabytes = 0
            [[user]]
            name = "bob"
            key = "\(Self.key)"
            on_exists = "refuse"
            max_megabytes = 500
            max_files = 7
            max_depth = 3
            """
        let configuration = try Configuration(text, file: URL(filePath: "/vault/Configs/server.conf"))
        let account = try #require(configuration.account(named: "bob"))
        #expect(configuration.limits.reserveMegabytes == 0)
        #expect(account.onExists == .refuse && account.maxMegabytes == 500)
        #expect(account.maxFiles == 7 && account.maxDepth == 3)
    }

    @Test func isNotBinary() throws {
        let scratch = try Scratch()
        let file = try scratch.file("server.conf", Data([0xff, 0xfe, 0]))
        #expect(throws: ConfigurationError.self) { try Configuration(file: file) }
        #expect(throws: ConfigurationError.self) { try Configuration(file: scratch.url.appending(path: "none")) }
    }

    @Test(arguments: [
        ("127.0.0.1:2200", true), ("localhost:0", true), ("[::1]:2200", true), ("::1:2200", false), ("2200", false),
        (":2200", false), ("host:", false), ("host:65536", false), ("host:-1", false), ("", false),
    ])
    func readsAddresses(_ text: String, _ isGood: Bool) {
        #expect((ListenAddress(text) != nil) == isGood)
    }

    @Test(arguments: [
        ("a", true), ("A.b-c_9", true), (String(repeating: "a", count: 64), true),
        (String(repeating: "a", count: 65), false), ("", false), (".a", false), ("-a", false), ("a/b", false),
        ("a b", false), ("ä", false), ("a\"b", false),
    ])
    func knowsUserNames(_ name: String, _ isGood: Bool) {
        #expect(Account.isValid(name: name) == isGood)
    }
}
