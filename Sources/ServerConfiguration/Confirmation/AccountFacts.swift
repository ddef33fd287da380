package import OpenPGP

/// What an account is: all that its owner confirms with the passphrase.
package struct AccountFacts: Sendable, Equatable {
    package let name: String
    /// The fingerprint of the primary key.
    package internal(set) var key: String
    /// The fingerprints of its subkeys, sorted.
    package internal(set) var subkeys: [String]
    /// The hash of the public key (``OpenPGP/OpenedKey/publicKey``); nil where no passphrase has been given.
    package internal(set) var publicKey: String?
    /// The fingerprints of the older keys in the key directory, sorted.
    package internal(set) var otherKeys: [String]
    /// The setting `data` of server.conf as it is written there, so that a vault can be moved.
    package internal(set) var data: String
    /// The settings of the user in server.conf, without the name and the key.
    package internal(set) var settings: [String: TOMLValue]

    /// The facts whose change lets somebody else read new files.
    var keyLines: [(name: String, value: TOMLValue)] {
        [
            ("name", .string(name)), ("key", .string(key)), ("subkeys", .strings(subkeys)),
            ("public_key", .string(publicKey ?? "")),
        ]
    }

    /// All facts, in a fixed order.
    var lines: [(name: String, value: TOMLValue)] {
        keyLines + [("other_keys", .strings(otherKeys)), ("data", .string(data))]
            + settings.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// All facts for people, a line for each.
    package var summary: [String] {
        lines.compactMap { name, value in
            // Nobody compares hashes by eye.
            guard name != "public_key", !["password", "wo_password"].contains(name) else { return nil }
            return value == .strings([]) ? nil : "\(name) = \(value.text)"
        }
    }

    // MARK: Comparison

    /// How the key is not the one of `confirmed`, a phrase for each difference.
    package func keyDifferences(from confirmed: AccountFacts) -> [String] {
        var differences: [String] = []
        if name != confirmed.name { differences.append("the record is that of \(confirmed.name)") }
        if key != confirmed.key { differences.append("the key was \(confirmed.key) and is \(key)") }
        let (before, now) = (Set(confirmed.subkeys), Set(subkeys))
        differences += now.subtracting(before).sorted().map { "the subkey \($0) is new" }
        differences += before.subtracting(now).sorted().map { "the subkey \($0) is missing" }
        if let publicKey, let other = confirmed.publicKey, publicKey != other {
            differences.append("the public key has other contents")
        }
        return differences
    }

    /// What else is not as in `confirmed`, a phrase for each difference.
    package func otherDifferences(from confirmed: AccountFacts) -> [String] {
        var differences: [String] = []
        let (before, now) = (Set(confirmed.otherKeys), Set(otherKeys))
        differences += now.subtracting(before).sorted().map { "the older key \($0) is new" }
        differences += before.subtracting(now).sorted().map { "the older key \($0) is missing" }
        if data != confirmed.data { differences.append("data was \"\(confirmed.data)\" and is \"\(data)\"") }
        for name in Set(settings.keys).union(confirmed.settings.keys).sorted() {
            let (old, new) = (confirmed.settings[name], settings[name])
            guard old != new else { continue }
            // Nobody compares hashes and keys by eye.
            let isLong = [old, new].contains { ($0?.text.utf8.count ?? 0) > 60 }
            switch (old, new) {
            case (nil, let new?):
                differences.append(isLong ? "\(name) was not set" : "\(name) was not set and is \(new.text)")
            case (let old?, nil):
                differences.append(isLong ? "\(name) is not set" : "\(name) was \(old.text) and is not set")
            case (let old?, let new?):
                differences.append(isLong ? "\(name) has another value" : "\(name) was \(old.text) and is \(new.text)")
            case (nil, nil): break
            }
        }
        return differences
    }
}

extension AccountFacts {
    /// Collects what an account is now.
    ///
    /// - Parameters:
    ///   - name: a user of the configuration.
    ///   - configuration: a server.conf.
    ///   - identity: the user's key.
    ///   - publicKey: the hash of the public key, if the passphrase has opened it.
    package init(_ name: String, in configuration: Configuration, _ identity: KeyIdentity, publicKey: String? = nil) {
        let written = configuration.written(for: name)
        self.name = name
        self.publicKey = publicKey
        key = identity.fingerprint
        subkeys = identity.subkeys
        otherKeys = identity.others
        data = written.data
        settings = written.settings
    }
}

extension Configuration {
    /// The setting `data`, and those of a user without the name and the key, as the file has them.
    package func written(for user: String) -> (data: String, settings: [String: TOMLValue]) {
        guard let document = try? TOMLDocument(text) else { return ("", [:]) }
        let table = document.tables.first { $0.name == "user" && $0.setting("name")?.value == .string(user) }
        let settings = (table?.settings ?? []).filter { $0.key != "name" && $0.key != "key" }
        return (
            (try? document.root.string("data")) ?? Configuration.standardData,
            Dictionary(settings.map { ($0.key, $0.value) }) { first, _ in first }
        )
    }
}
