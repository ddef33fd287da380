package import Foundation
private import GnuPG
internal import OpenPGP
private import Platform
package import Secrets
private import ServerConfiguration
package import Vault

/// `rotate`: gives a user a new key or subkey, and re-encrypts all stored files to it.
///
/// A rotation is recorded in the user's key directory until it is complete. If it is interrupted anywhere, the same
/// command completes it. Old keys stay in the directory: a file that is not re-encrypted yet opens as before.
package final class KeyRotation {
    package enum Kind: Sendable {
        case newSubkey
        case newKey
        /// No new key: only files that are still encrypted to an older one are re-encrypted.
        case keptKey
    }

    /// The record of a rotation that is not complete.
    private struct Record: Codable {
        /// The primary key's fingerprint.
        let key: String
        /// The fingerprint of the subkey that files are encrypted to.
        let subkey: String
        /// The keygrips of the new secret keys, which name their files.
        let keygrips: [String]
    }

    /// The name of the record's file in the user's key directory.
    static let recordName = "rotation.json"

    private let name: String
    private let file: URL
    private let keys: URL
    private var record: URL { keys.appending(path: KeyRotation.recordName) }
    /// Held as long as this object lives: a user has one rotation at a time.
    private let lock: FileLock

    /// Takes the lock on the user's key directory.
    ///
    /// - Parameters:
    ///   - name: the user.
    ///   - file: a server.conf.
    /// - Throws: ``UserError`` when there is no such user, or another rotation of the user is running.
    package init(of name: String, in file: URL) throws {
        self.name = name
        self.file = file
        let configuration = try Configuration(file: file)
        _ = try configuration.user(name)
        keys = configuration.keyDirectory(of: name)
        let lock: FileLock?
        do throws(SystemError) {
            lock = try FileLock(.exclusive, ifFreeDirectory: keys)
        } catch {
            throw UserError(description: "the key directory \(keys.path) cannot be opened: \(error)")
        }
        guard let lock else {
            throw UserError(.inUse, description: "another command is working on \(name)'s key: try again later")
        }
        self.lock = lock
    }

    /// Whether a rotation was interrupted; this one will complete it.
    package var isUnderWay: Bool { FileManager.default.fileExists(atPath: record.path) }

    // MARK: The key

    /// Makes the new key and names it in server.conf, or completes that after an interruption.
    ///
    /// - Parameters:
    ///   - kind: which key is new.
    ///   - passphrase: the user's; it protects the new key too.
    ///   - isInterrupted: asked once more right before anything is changed.
    ///   - warn: gets what is not as the passphrase has confirmed it.
    /// - Returns: the fingerprints of the primary key and the subkey that files are encrypted to from now on.
    /// - Throws: ``UserError``, with `.inUse` when the user is logged in; ``OpenPGP/OpenPGPError``, with `.passphrase`
    ///   when it is the wrong one.
    package func begin(
        _ kind: Kind, passphrase: SecretBytes, isInterrupted: () -> Bool, warn: (String) -> Void
    ) throws -> (key: String, subkey: String) {
        try ConfigurationLock.withUser(name, in: file) { configuration, account in
            // A wrong passphrase is reported first, and never becomes the new key's.
            // One that was killed may have changed the key already, before this machine could remember it.
            if !isUnderWay { try VaultTrust.check(configuration, of: name, note: warn) }
            let old = try configuration.open(account, with: passphrase, warn: warn)
            if let begun = try resume(account, old, passphrase, configuration) { return begun }
            // Making a key takes seconds: whether the user is logged in is found out before.
            try KeyDirectoryLock.whileUnused(keys, of: name) {}
            let keyring = try ScratchKeyring(keysIn: keys)
            let known = try Set(keyring.keys().flatMap(\.subkeys).map(\.keygrip))
            let key = try make(kind, account, passphrase, in: keyring)
            guard let encryption = key.encryption, key.problem == nil else {
                throw UserError(
                    description: "nothing can be encrypted to the key \(key.fingerprint): "
                        + "it \(key.problem ?? "has no subkey for encryption")")
            }
            // If nothing opened the new key, all files would be lost.
            let opened = try configuration.check(passphrase, opens: key.fingerprint, in: keyring.directory).opened
            guard !isInterrupted() else { throw UserError.interrupted }
            let new = Record(
                key: key.fingerprint, subkey: encryption.fingerprint,
                keygrips: key.subkeys.map(\.keygrip).filter { !known.contains($0) })
            try KeyDirectoryLock.whileUnused(keys, of: name) {
                try DurableFile.replace(record, with: JSONEncoder().encode(new))
                try keyring.publishSecretKeys(to: keys)
                let record = opened.flatMap { old.record?.renewed(with: $0) }
                if let record, let before = old.record {
                    // Until all is done, the old key is confirmed, too: a killed rotation keeps nobody out.
                    try AccountConfirmation.write([before, record], to: keys)
                }
                try keyring.publishPublicKeys(to: keys)
                try useKey(new.key)
                if let record { try AccountConfirmation.write([record], to: keys) }
            }
            try VaultTrust.renew(name, in: Configuration(file: file))
            return (new.key, new.subkey)
        }
    }

    /// Completes a recorded rotation if its key is in the directory; else removes what is left of it.
    ///
    /// - Returns: nil when there is nothing to complete.
    private func resume(
        _ account: Account, _ key: OwnerKey, _ passphrase: SecretBytes, _ configuration: Configuration
    ) throws -> (key: String, subkey: String)? {
        guard let data = (try? RegularFile.read(record.path)).map({ Data($0) }) else { return nil }
        let listed = try ScratchKeyring(keysIn: keys).keys()
        if let old = try? JSONDecoder().decode(Record.self, from: data) {
            if listed.contains(where: { $0.fingerprint == old.key && $0.encryption?.fingerprint == old.subkey }) {
                if account.key != old.key {
                    try KeyDirectoryLock.whileUnused(keys, of: name) { try useKey(old.key) }
                }
                let opened = try configuration.check(passphrase, opens: old.key, in: keys).opened
                if let record = opened.flatMap({ key.record?.renewed(with: $0) }) {
                    try AccountConfirmation.write([record], to: keys)
                }
                try VaultTrust.renew(name, in: Configuration(file: file))
                return (old.key, old.subkey)
            }
            removeSecrets(of: old, keeping: listed)
        }
        unlink(record.path)
        return nil
    }

    /// Removes secret keys and the revocation certificate of a rotation whose public key was never published.
    private func removeSecrets(of old: Record, keeping listed: [KeyDescription]) {
        let inUse = Set(listed.flatMap(\.subkeys).map(\.keygrip))
        for keygrip in old.keygrips where !inUse.contains(keygrip) {
            unlink(keys.appending(path: "private-keys-v1.d/\(keygrip).key").path)
        }
        if !listed.contains(where: { $0.fingerprint == old.key }) {
            unlink(keys.appending(path: "openpgp-revocs.d/\(old.key).rev").path)
        }
    }

    private func make(
        _ kind: Kind, _ account: Account, _ passphrase: SecretBytes, in keyring: ScratchKeyring
    ) throws -> KeyDescription {
        func current() throws -> KeyDescription {
            guard let key = try keyring.keys().first(where: { $0.fingerprint == account.key }) else {
                throw UserError(description: "the key \(account.key) is not in \(keys.path)")
            }
            return key
        }
        switch kind {
        case .keptKey: return try current()
        case .newKey: return try keyring.addKey(userID: name, passphrase: passphrase)
        case .newSubkey:
            guard try keyring.hasSecret(current().primary) else {
                throw UserError(
                    description:
                        "the secret part of the primary key is not on this machine: add a subkey on the machine "
                        + "that has it, then run 'key import' and 'rotate --keep-key' here; or use --new-key")
            }
            _ = try keyring.addSubkey(to: account.key, passphrase: passphrase)
            return try current()
        }
    }

    /// Names the key in server.conf.
    private func useKey(_ fingerprint: String) throws {
        try ConfigurationFile.change(file, user: name) { try $0.set("key", to: .string(fingerprint)) }
    }

    private func readAccount() throws -> (configuration: Configuration, account: Account) {
        let configuration = try Configuration(file: file)
        return (configuration, try configuration.user(name))
    }

    // MARK: The files

    /// The most passes over the files.
    ///
    /// Files that are in use during the last one are reported as busy.
    private static let mostPasses = 5

    /// Re-encrypts all files that are encrypted to an older key of the user.
    ///
    /// The rotation is complete, and its record removed, when no file is busy; damaged files do not count.
    ///
    /// - Parameters:
    ///   - passphrase: the user's.
    ///   - isInterrupted: asked again and again; the files that are done stay so.
    ///   - progress: called after each file, with its bytes.
    /// - Returns: the numbers of files by what became of them, over all passes.
    package func reencrypt(
        passphrase: SecretBytes, isInterrupted: @escaping () -> Bool, progress: @escaping (UInt64) -> Void
    ) throws -> TreeReencryption.Tally {
        let (configuration, account) = try readAccount()
        let home = try SessionHome(
            keysIn: keys, fingerprint: account.key, passphrase: passphrase,
            stallTimeout: configuration.limits.stallTimeout)
        let retired = try ScratchKeyring(keysIn: keys).retired { $0 != home.cryptor.recipient }
        let vault = try OwnerVault(configuration)
        let work = TreeReencryption(
            data: vault.data, retired: retired, cryptor: home.cryptor, isInterrupted: isInterrupted,
            progress: progress)
        let total = try withExtendedLifetime(home) { try pass(work, over: vault.home(of: account)) }
        if total.busy.isEmpty { unlink(record.path) }
        return total
    }

    /// Makes passes over the files until one finds nothing to do.
    private func pass(_ work: TreeReencryption, over home: Directory) throws -> TreeReencryption.Tally {
        var total = TreeReencryption.Tally()
        for pass in 1...KeyRotation.mostPasses {
            let tally = try interruptible { try work.run(in: home) }
            if pass == 1 { (total.done, total.others) = (tally.done, tally.others) }
            total.files += tally.files
            total.bytes += tally.bytes
            (total.busy, total.damaged) = (tally.busy, tally.damaged)
            if tally.files == 0 && tally.busy.isEmpty { break }
        }
        return total
    }

    /// Counts the files that ``reencrypt(passphrase:isInterrupted:progress:)`` would re-encrypt.
    package func survey(_ kind: Kind, isInterrupted: @escaping () -> Bool) throws -> TreeReencryption.Tally {
        let (configuration, account) = try readAccount()
        let keyring = try ScratchKeyring(keysIn: keys)
        let current = try keyring.keys().first { $0.fingerprint == account.key }?.encryption?.keyID
        // A new key makes all present ones old.
        let isNew = kind != .keptKey && !isUnderWay
        let retired = try keyring.retired { isNew || $0 != current }
        let vault = try OwnerVault(configuration)
        let work = TreeReencryption(
            data: vault.data, retired: retired, cryptor: nil, isInterrupted: isInterrupted, progress: { _ in })
        return try interruptible { try work.run(in: vault.home(of: account)) }
    }

    private func interruptible<R>(_ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch is Interrupted {
            throw UserError(.interrupted, description: "interrupted; the same command continues")
        }
    }
}

extension ScratchKeyring {
    /// The key IDs of those encryption subkeys that `isRetired` is true for.
    fileprivate func retired(_ isRetired: ([UInt8]) -> Bool) throws(OpenPGPError) -> Set<[UInt8]> {
        Set(try keys().flatMap(\.encryptionSubkeys).map(\.keyID).filter(isRetired))
    }
}
