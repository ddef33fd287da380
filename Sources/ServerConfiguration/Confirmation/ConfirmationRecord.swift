package import OpenPGP
private import Secrets

/// The facts of an account with the codes that its passphrase has made of them.
///
/// The codes are keyed BLAKE2b hashes with a key that only the opened encryption subkey gives
/// (``OpenPGP/OpenedKey/authenticationKey``).
package struct ConfirmationRecord: Sendable, Equatable {
    package let facts: AccountFacts
    /// The code of the facts about the key, in hexadecimal digits.
    let keyCode: String
    /// The code of all facts.
    let code: String

    /// Confirms facts.
    ///
    /// - Returns: nil when there is no memory for it.
    package init?(_ facts: AccountFacts, with key: OpenedKey) {
        var facts = facts
        facts.publicKey = key.publicKey
        guard let keyCode = ConfirmationRecord.code(of: facts.keyLines, "key", key),
            let code = ConfirmationRecord.code(of: facts.lines, "account", key)
        else { return nil }
        self.facts = facts
        self.keyCode = keyCode
        self.code = code
    }

    /// Whether the passphrase that has opened `key` has confirmed the facts about the key.
    func hasRightKeyCode(_ key: OpenedKey) -> Bool {
        ConfirmationRecord.matches(ConfirmationRecord.code(of: facts.keyLines, "key", key), keyCode)
    }

    /// Whether the passphrase that has opened `key` has confirmed all facts.
    func hasRightCode(_ key: OpenedKey) -> Bool {
        ConfirmationRecord.matches(ConfirmationRecord.code(of: facts.lines, "account", key), code)
    }

    /// The code of lines as ``TOMLValue/text`` writes them: no two lists of facts have the same text.
    private static func code(
        of lines: [(name: String, value: TOMLValue)], _ purpose: String, _ key: OpenedKey
    ) -> String? {
        let text = lines.map { "\($0.name) = \($0.value.text)\n" }.joined()
        return KeyedHash.code(of: "\(purpose)\n\(text)", key: key.authenticationKey).map(\.hexadecimal)
    }

    private static func matches(_ code: String?, _ other: String) -> Bool {
        code.map { KeyedHash.matches(Array($0.utf8), Array(other.utf8)) } ?? false
    }

    // MARK: Renewal

    /// Confirms what a command has changed itself, and leaves every other fact as it was confirmed.
    ///
    /// - Parameters:
    ///   - key: the key in use afterwards.
    ///   - before: the user's settings before the command's change.
    ///   - after: those after it.
    /// - Returns: nil when there is no memory for it.
    package func renewed(
        with key: OpenedKey, from before: [String: TOMLValue] = [:], to after: [String: TOMLValue] = [:]
    ) -> ConfirmationRecord? {
        var facts = facts
        if facts.key != key.identity.fingerprint {
            facts.otherKeys = Set(facts.otherKeys + [facts.key]).subtracting([key.identity.fingerprint]).sorted()
        }
        facts.key = key.identity.fingerprint
        facts.subkeys = key.identity.subkeys
        for name in Set(before.keys).union(after.keys) where before[name] != after[name] {
            facts.settings[name] = after[name]
        }
        return ConfirmationRecord(facts, with: key)
    }

    // MARK: Text

    /// The record as a table of TOML.
    var text: String {
        let lines = facts.lines + [("key_code", .string(keyCode)), ("code", .string(code))]
        return "\n[[account]]\n" + lines.map { "\($0.name) = \($0.value.text)\n" }.joined()
    }

    /// Reads a record.
    ///
    /// - Returns: nil when the table lacks something that a record has.
    init?(_ table: TOMLTable) {
        var values = Dictionary(table.settings.map { ($0.key, $0.value) }) { first, _ in first }
        func string(_ name: String) -> String? {
            guard case .string(let string) = values.removeValue(forKey: name) else { return nil }
            return string
        }
        func strings(_ name: String) -> [String]? {
            guard case .strings(let strings) = values.removeValue(forKey: name) else { return nil }
            return strings
        }
        guard table.name == "account", table.isElement, let name = string("name"), let key = string("key"),
            let subkeys = strings("subkeys"), let publicKey = string("public_key"),
            let otherKeys = strings("other_keys"), let data = string("data"), let keyCode = string("key_code"),
            let code = string("code")
        else { return nil }
        facts = AccountFacts(
            name: name, key: key, subkeys: subkeys, publicKey: publicKey, otherKeys: otherKeys, data: data,
            settings: values)
        self.keyCode = keyCode
        self.code = code
    }
}
