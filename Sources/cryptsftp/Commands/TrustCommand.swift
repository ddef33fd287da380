internal import Administration
internal import ArgumentParser
private import Foundation
internal import ServerConfiguration

/// The command `cryptsftp trust`.
struct TrustCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust",
        abstract: "Have this machine remember the keys of the vault, and stop when they change.",
        discussion: """
            On a machine that remembers them, another key of a user, or another host key, stops 'serve', 'encrypt' and \
            logins until 'trust' is run again. What is remembered is in known-vaults.json, in the directory cryptsftp \
            of XDG_STATE_HOME (~/.local/state).
            """)

    @Flag(help: "List the vaults that this machine remembers.")
    var list = false

    @Flag(help: "Forget the vault.")
    var forget = false

    @OptionGroup var config: ConfigurationOption
    @OptionGroup var json: JSONOption

    private struct Line: Encodable {
        let event: String
        let id: String
        let path: String
        /// The fingerprints of primary key and encryption subkey, by user.
        let users: [String: [String]]
        let hostKeys: [String]
        let changes: [String]

        init(_ event: String, _ vault: KnownVault, changes: [String] = []) {
            self.event = event
            id = vault.id
            path = vault.path
            users = vault.users.mapValues { [$0.primary, $0.encryption] }
            hostKeys = vault.hostKeys
            self.changes = changes
        }
    }

    func validate() throws {
        guard !list || !forget else { throw ValidationError("--list and --forget cannot be used together") }
    }

    func run() throws {
        let output = Output(Interruption(), json: json.json)
        if list {
            for vault in try VaultTrust.all() {
                try output.line(json: Line("known", vault), or: Self.name(of: vault), then: Self.keys(of: vault))
            }
        } else if forget {
            let forgotten = try VaultTrust.forget(config.locate())
            for vault in forgotten { try output.line(json: Line("forget", vault), or: "Forgot \(vault.path)") }
            if forgotten.isEmpty { Terminal.say("this machine does not remember this vault") }
        } else {
            let outcome = try VaultTrust.remember(config.existing())
            for change in outcome.changes { Terminal.say(change) }
            try output.line(
                json: Line("trust", outcome.vault, changes: outcome.changes),
                or: "This machine remembers",
                then: [Self.name(of: outcome.vault)] + Self.keys(of: outcome.vault))
        }
        try output.flush()
    }

    private static func name(of vault: KnownVault) -> String { "\(vault.path), id \(vault.id)" }

    private static func keys(of vault: KnownVault) -> [String] {
        vault.users.sorted { $0.key < $1.key }.map { "  user \($0.key): key \($0.value.primary)" }
            + vault.hostKeys.map { "  host key: \($0)" }
    }
}
