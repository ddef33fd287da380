package import Foundation
package import OpenPGP
package import Platform

/// The file in a key directory that says what the user's passphrase has confirmed of the account.
///
/// It is text that people can read. An edit by hand makes it invalid: ``ConfirmationRecord`` makes the codes in it. While a command changes the key there are two records, one for the old and one for the new key.
package struct AccountConfirmation {
    /// What a comparison of an account with its record has found.
    package enum Finding: Sendable, Equatable {
        /// There is no record.
        case unconfirmed
        /// All is as it was confirmed.
        case confirmed(ConfirmationRecord)
        /// The key is the one that was confirmed, and something else differs: a phrase for each difference.
        ///
        /// The record is nil when it cannot be relied on.
        case changed(ConfirmationRecord?, [String])
        /// The key is not the one that was confirmed.
        case otherKey([String])
    }

    package static let fileName = "confirmed.toml"

    private let records: [ConfirmationRecord]

    /// Writes records, all or nothing, and returns when they are on the disk.
    package static func write(_ records: [ConfirmationRecord], to keyDirectory: URL) throws(SystemError) {
        try DurableFile.replace(keyDirectory.appending(path: fileName), with: text(of: records))
    }

    /// The text of the file with these records.
    package static func text(of records: [ConfirmationRecord]) -> Data {
        let head = """
            # What a passphrase has confirmed of this account. cryptsftp compares it at each login, and writes it.
            # After an edit of server.conf by hand: cryptsftp user confirm NAME

            """
        return Data((head + records.map(\.text).joined()).utf8)
    }

    /// Removes the file: the key in use is none that a passphrase opens here.
    package static func remove(from keyDirectory: URL) {
        unlink(keyDirectory.appending(path: fileName).path)
    }

    /// - Returns: nil when there is no file; no records when it cannot be understood.
    private init?(in keyDirectory: URL) {
        do throws(RegularFile.Failure) {
            let bytes = try RegularFile.read(keyDirectory.appending(path: AccountConfirmation.fileName).path)
            let tables = String(validating: bytes, as: UTF8.self).flatMap { try? TOMLDocument($0).tables } ?? []
            records = tables.compactMap { ConfirmationRecord($0) }
        } catch {
            guard error.number != ENOENT else { return nil }
            records = []
        }
    }

    private static let notUnderstood = "\(fileName) cannot be read or understood"

    // MARK: Comparison

    /// Compares an account with its record, as far as that can be done without the passphrase.
    ///
    /// Whoever can write the file can make it look right: only ``check(_:in:_:_:)`` knows.
    package static func compare(
        _ name: String, in configuration: Configuration, _ identity: KeyIdentity
    ) -> Finding {
        guard let file = AccountConfirmation(in: configuration.keyDirectory(of: name)) else { return .unconfirmed }
        let facts = AccountFacts(name, in: configuration, identity)
        let matching = file.records.first { facts.keyDifferences(from: $0.facts).isEmpty }
        guard let record = matching else { return .otherKey(file.keyDifferences(of: facts)) }
        let differences = facts.otherDifferences(from: record.facts)
        return differences.isEmpty ? .confirmed(record) : .changed(record, differences)
    }

    /// Whether the record says of a user's settings what server.conf says, without a look at the key.
    package static func hasSettings(of name: String, in configuration: Configuration) -> Bool {
        let written = configuration.written(for: name)
        let records = AccountConfirmation(in: configuration.keyDirectory(of: name))?.records ?? []
        return records.contains { $0.facts.settings == written.settings && $0.facts.data == written.data }
    }

    /// Compares an account with what its passphrase has confirmed.
    ///
    /// - Parameters:
    ///   - name: the user.
    ///   - configuration: a server.conf.
    ///   - identity: the user's key.
    ///   - opened: the key as the passphrase has opened it; nil for a kind of key that cannot confirm anything.
    package static func check(
        _ name: String, in configuration: Configuration, _ identity: KeyIdentity, _ opened: OpenedKey?
    ) -> Finding {
        guard let file = AccountConfirmation(in: configuration.keyDirectory(of: name)) else { return .unconfirmed }
        let facts = AccountFacts(name, in: configuration, identity, publicKey: opened?.publicKey)
        let matching = file.records.first { record in
            facts.keyDifferences(from: record.facts).isEmpty && opened.map { record.hasRightKeyCode($0) } == true
        }
        guard let opened, let record = matching else { return .otherKey(file.keyDifferences(of: facts)) }
        guard record.hasRightCode(opened) else {
            return .changed(
                nil, ["the record in \(fileName) was edited"] + facts.otherDifferences(from: record.facts))
        }
        let differences = facts.otherDifferences(from: record.facts)
        return differences.isEmpty ? .confirmed(record) : .changed(record, differences)
    }

    /// Why no record is that of the account's key.
    private func keyDifferences(of facts: AccountFacts) -> [String] {
        guard let last = records.last else { return [AccountConfirmation.notUnderstood] }
        let differences = facts.keyDifferences(from: last.facts)
        return differences.isEmpty
            ? ["the record in \(AccountConfirmation.fileName) is not the passphrase's"] : differences
    }
}

extension AccountConfirmation.Finding {
    /// The record that a command may renew; nil when there is none to rely on.
    package var record: ConfirmationRecord? {
        switch self {
        case .confirmed(let record): record
        case .changed(let record, _): record
        case .unconfirmed, .otherKey: nil
        }
    }

    /// What to tell of an account that is not as it was confirmed, with what to do about it; nil for one that is.
    package func warning(about name: String) -> String? {
        switch self {
        case .confirmed: nil
        case .unconfirmed:
            "the passphrase of \(name) has not confirmed the key and the settings: 'cryptsftp user confirm \(name)' does"
        case .changed(_, let differences):
            "\(name) is not as the passphrase has confirmed it: \(differences.joined(separator: "; ")). If you have "
                + "changed that, 'cryptsftp user confirm \(name)' accepts it"
        case .otherKey(let differences):
            "the key of \(name) is not the one that the passphrase has confirmed: "
                + "\(differences.joined(separator: "; ")). If it is yours all the same, 'cryptsftp user confirm \(name)' "
                + "accepts it; else restore Configs from a backup: somebody may want to read what is stored from now on"
        }
    }
}
