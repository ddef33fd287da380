package import Foundation
package import GnuPG
internal import OpenPGP
private import Platform
package import Secrets
package import ServerConfiguration
package import Vault

/// `rotate`: a new key or subkey for a user, and all stored files encrypted to it.
///
/// What is under way is noted in the user's key directory, so that asking again goes on with it: a rotation that was
/// killed anywhere is completed by the next one. Old keys stay in the directory: a file that is not encrypted anew yet
/// opens as before.
package final class KeyRotation {
    package enum Kind: Sendable {
        case newSubkey
        case newKey
        /// No new one: only files that are still encrypted to an older one.
        case keptKey
    }

    /// What is noted of a rotation that is under way.
    private struct Note: Codable {
        /// The primary key's fingerprint, and that of the subkey that files are encrypted to.
        let key: String
        let subkey: String
        /// New files of secret keys.
        let keygrips: [String]
    }

    private let name: String
    private let file: URL
    private let keys: URL
    /// Held while this object lives: there is one rotation of a user at a time.
    private let turn: DirectoryLock
    /// The name of what is noted, in the user's key directory.
    static let noteName = "rotation.json"
    private var note: URL { keys.appending(path: KeyRotation.noteName) }

    /// - Throws: ``UserError`` when there is no such user, or another rotation of the user is at work.
    package init(of name: String, in file: URL) throws {
        self.name = name
        self.file = file
        let configuration = try Configuration(file: file)
        _ = try configuration.index(of: name)
        keys = configuration.keyDirectory(of: name)
        guard let turn = try DirectoryLock(unlessHeld: keys) else {
            throw UserError(.inUse, description: "another command is at work with \(name)'s key")
        }
        self.turn = turn
    }

    /// Whether one was interrupted, and would be gone on with.
    package var isUnderWay: Bool { FileManager.default.fileExists(atPath: note.path) }

    // MARK: The key

    /// Makes the new key, and lets everybody use it who logs in from now on; or goes on where that was interrupted.
    ///
    /// - Parameter isInterrupted: asked last before anything is changed.
    /// - Returns: what files are encrypted to from now on.
    package func begin(
        _ kind: Kind, passphrase: SecretBytes, isInterrupted: () -> Bool
    ) throws -> (key: String, subkey: String) {
        let lock = try DirectoryLock(file.deletingLastPathComponent())
        defer { withExtendedLifetime(lock) {} }
        let account = try readAccount().account
        // Who gave the wrong passphrase is told at once; and a new key must not get another one.
        do { _ = try SessionHome(keysIn: keys, fingerprint: account.key, passphrase: passphrase) }
        if let begun = try resume(account) { return begun }
        _ = try holdAlone()
        let workshop = try ScratchKeyring(keysIn: keys)
        let known = try Set(workshop.keys().flatMap(\.subkeys).map(\.keygrip))
        let key = try make(kind, account, passphrase, in: workshop)
        guard let encryption = key.encryption, key.problem == nil else {
            throw UserError(description: "the key \(key.problem ?? "cannot be used")")
        }
        // A key that its owner cannot open would be the end of all files.
        _ = try SessionHome(keysIn: workshop.directory, fingerprint: key.fingerprint, passphrase: passphrase)
        guard !isInterrupted() else { throw UserError.interrupted }
        let noted = Note(
            key: key.fingerprint, subkey: encryption.fingerprint,
            keygrips: key.subkeys.map(\.keygrip).filter { !known.contains($0) })
        let alone = try holdAlone()
        try DurableFile.replace(note, with: JSONEncoder().encode(noted))
        try workshop.publishSecretKeys(to: keys)
        try workshop.publishPublicKeys(to: keys)
        try useKey(noted.key)
        withExtendedLifetime(alone) {}
        return (noted.key, noted.subkey)
    }

    /// Goes on with what was noted, if the new key has got to the directory; else that is forgotten.
    private func resume(_ account: Account) throws -> (key: String, subkey: String)? {
        guard let data = try? Data(contentsOf: note) else { return nil }
        let listed = try ScratchKeyring(keysIn: keys).keys()
        if let noted = try? JSONDecoder().decode(Note.self, from: data) {
            if listed.contains(where: { $0.fingerprint == noted.key && $0.encryption?.fingerprint == noted.subkey }) {
                let alone = try account.key == noted.key ? nil : holdAlone()
                try useKey(noted.key)
                withExtendedLifetime(alone) {}
                return (noted.key, noted.subkey)
            }
            let referred = Set(listed.flatMap(\.subkeys).map(\.keygrip))
            for keygrip in noted.keygrips where !referred.contains(keygrip) {
                unlink(keys.appending(path: "private-keys-v1.d/\(keygrip).key").path)
            }
            if !listed.contains(where: { $0.fingerprint == noted.key }) {
                unlink(keys.appending(path: "openpgp-revocs.d/\(noted.key).rev").path)
            }
        }
        unlink(note.path)
        return nil
    }

    private func make(
        _ kind: Kind, _ account: Account, _ passphrase: SecretBytes, in workshop: ScratchKeyring
    ) throws -> KeyDescription {
        func current() throws -> KeyDescription {
            guard let key = try workshop.keys().first(where: { $0.fingerprint == account.key }) else {
                throw UserError(description: "the key \(account.key) is not in \(keys.path)")
            }
            return key
        }
        switch kind {
        case .keptKey: return try current()
        case .newKey: return try workshop.addKey(userID: name, passphrase: passphrase)
        case .newSubkey:
            guard try workshop.hasSecret(current().primary) else {
                throw UserError(
                    description: "the secret part of the primary key is not here: add a subkey where it is, "
                        + "then 'key import' and 'rotate --keep-key'; or take --new-key")
            }
            _ = try workshop.addSubkey(to: account.key, passphrase: passphrase)
            return try current()
        }
    }

    /// Lets no session go on that does not know the new key.
    private func holdAlone() throws -> KeyDirectoryLock {
        guard let alone = try KeyDirectoryLock.exclusive(keys) else {
            throw UserError(
                .inUse,
                description: "somebody is logged in as \(name), and could not read files with a new key: end these "
                    + "sessions, or stop the server, and try again")
        }
        return alone
    }

    /// Names the key in server.conf, if another is named there.
    private func useKey(_ fingerprint: String) throws {
        let (configuration, account) = try readAccount()
        guard account.key != fingerprint else { return }
        var accounts = configuration.accounts
        let index = try configuration.index(of: name)
        accounts[index].key = fingerprint
        try ConfigurationFile.change(configuration, to: accounts) {
            $0.set("key", to: TOMLValue.string(fingerprint), ofUser: index)
        }
    }

    private func readAccount() throws -> (configuration: Configuration, account: Account) {
        let configuration = try Configuration(file: file)
        return (configuration, configuration.accounts[try configuration.index(of: name)])
    }

    // MARK: The files

    /// Passes over the files after which it is given up that somebody keeps changing.
    private static let mostPasses = 5

    /// Encrypts anew all files that are encrypted to an older key of the user.
    ///
    /// - Returns: what became of all. When none is left but damaged ones, the rotation is complete.
    package func reencrypt(
        passphrase: SecretBytes, isInterrupted: @escaping () -> Bool, progress: @escaping (UInt64) -> Void
    ) throws -> TreeReencryption.Tally {
        let (configuration, account) = try readAccount()
        let home = try SessionHome(keysIn: keys, fingerprint: account.key, passphrase: passphrase)
        let retired = try ScratchKeyring(keysIn: keys).retired { $0 != home.cryptor.recipient }
        let vault = try OwnerVault(configuration)
        let work = TreeReencryption(
            data: vault.data, retired: retired, cryptor: home.cryptor, isInterrupted: isInterrupted,
            progress: progress)
        var total = TreeReencryption.Tally()
        for pass in 1...KeyRotation.mostPasses {
            let tally = try interruptible { try work.run(in: vault.home(of: account)) }
            if pass == 1 { (total.done, total.others) = (tally.done, tally.others) }
            total.files += tally.files
            total.bytes += tally.bytes
            (total.busy, total.damaged) = (tally.busy, tally.damaged)
            if tally.files == 0 && tally.busy.isEmpty { break }
        }
        if total.busy.isEmpty { unlink(note.path) }
        withExtendedLifetime(home) {}
        return total
    }

    /// Counts what ``reencrypt(passphrase:isInterrupted:progress:)`` would encrypt anew.
    package func survey(_ kind: Kind, isInterrupted: @escaping () -> Bool) throws -> TreeReencryption.Tally {
        let (configuration, account) = try readAccount()
        let workshop = try ScratchKeyring(keysIn: keys)
        let current = try workshop.keys().first { $0.fingerprint == account.key }?.encryption?.keyID
        // With a new key, all that there are now will be old ones.
        let isNew = kind != .keptKey && !isUnderWay
        let retired = try workshop.retired { isNew || $0 != current }
        let vault = try OwnerVault(configuration)
        let work = TreeReencryption(
            data: vault.data, retired: retired, cryptor: nil, isInterrupted: isInterrupted, progress: { _ in })
        return try interruptible { try work.run(in: vault.home(of: account)) }
    }

    private func interruptible<R>(_ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch is Interrupted {
            throw UserError(.interrupted, description: "interrupted; the same command goes on")
        }
    }
}

extension ScratchKeyring {
    /// The key IDs of subkeys for encryption that `isRetired`.
    fileprivate func retired(_ isRetired: ([UInt8]) -> Bool) throws(OpenPGPError) -> Set<[UInt8]> {
        Set(try keys().flatMap(\.encryptionSubkeys).map(\.keyID).filter(isRetired))
    }
}
