internal import Foundation
internal import GnuPG
package import OpenPGP
private import Platform
private import SFTP
internal import ServerConfiguration
private import Vault

/// The checks of users' keys, and of the permissions of secret files.
extension Doctor {
    /// The days before a key's expiry in which it is a problem.
    private static let expiryNotice = 60
    /// The fewest bits of an RSA key that is enough beyond 2030.
    ///
    /// Source: NIST SP 800-57, part 1, tables 2 and 4.
    private static let shortestRSA = 3072

    /// The directories in a key directory whose files must stay secret.
    static let secretDirectories = [KeyDirectory.secretKeys, KeyDirectory.revocations]

    func examineKeys() throws {
        if let error = reasonAgainstGnuPG() {
            // Without gpg every key would have this problem.
            return try problem("gpg", "gpg", error.description, "install gnupg \(GnuPGProgram.oldest) or newer")
        }
        for shared in vault.configuration.sharedHomes {
            try note(
                "home", vault.configuration.file.path, "\(shared)",
                "give one of them another home, or say that this is wanted with 'cryptsftp user set NAME --shared'")
        }
        try examineTrust()
        for account in vault.configuration.accounts {
            let directory = vault.configuration.keyDirectory(of: account.name)
            switch keys(in: directory) {
            case .failure(let error):
                try problem("key", directory.path, error.description, "restore the key directory from a backup")
            case .success(let keys):
                if let key = keys.first(where: { $0.fingerprint == account.key }) {
                    try examine(key, of: account, directory.path)
                    try examineSecretPart(of: key, of: account, directory)
                    try examineConfirmation(of: account, keys, directory.path)
                } else {
                    try problem(
                        "key", directory.path, "the key \(account.key) of \(account.name) is not in it",
                        "restore the key directory from a backup, or correct the 'key' line in server.conf")
                }
            }
        }
    }

    /// Compares the vault with what this machine remembers of it, if it does.
    private func examineTrust() throws {
        let path = vault.configuration.directory.path
        var news: [String] = []
        do {
            try VaultTrust.check(vault.configuration) { news.append($0) }
        } catch let error as UserError where error.reason == .unconfirmedKey {
            try problem("trust", path, error.description, "compare the keys with those of a backup")
        }
        for text in news { try note("trust", path, text, "if the user is yours, run 'cryptsftp trust'") }
    }

    private func reasonAgainstGnuPG() -> OpenPGPError? {
        do throws(OpenPGPError) {
            _ = try Doctor.findGnuPG()
            return nil
        } catch {
            return error
        }
    }

    /// Finds a gpg that works here: a server needs it as much as the tools do.
    ///
    /// - Throws: `.engine` when gpg is missing or too old, or there is no directory for its keys.
    package static func findGnuPG() throws(OpenPGPError) -> (path: String, version: String) {
        _ = try RuntimeDirectory()
        let gnupg = try GnuPGProgram.find()
        return (gnupg.path, gnupg.version.description)
    }

    private func keys(in directory: URL) -> Result<[KeyDescription], OpenPGPError> {
        do throws(OpenPGPError) { return .success(try KeyDirectory.keys(in: directory)) } catch {
            return .failure(error)
        }
    }

    private func examine(_ key: KeyDescription, of account: Account, _ path: String) throws {
        let primary = key.primary
        let usable = key.encryptionSubkeys.filter { !$0.isRevoked && !$0.isExpired }
        if let reason = key.unusableReason {
            try problem(
                "key", path, "the key of \(account.name) \(reason): nothing can be uploaded",
                "extend it with gpg, or give the user another key with 'cryptsftp rotate --new-key'")
            return
        }
        for part in [primary] + usable.filter({ $0.fingerprint != primary.fingerprint }) {
            switch part.family {
            case .rsa where part.bits < Doctor.shortestRSA:
                try problem(
                    "key", path, "\(account.name) has an RSA key of \(part.bits) bits",
                    "NIST recommends 3072 bits or more: make a new key with 'cryptsftp rotate --new-key'")
            case .dsa, .elgamal:
                try problem(
                    "key", path, "\(account.name) has \(part.family == .dsa ? "a DSA" : "an ElGamal") key",
                    "newer OpenPGP programs refuse such keys: make a new key with 'cryptsftp rotate --new-key'")
            case .unknown:
                try note(
                    "key", path, "\(account.name) has a key of an unknown algorithm", "check it with gpg --list-keys")
            case .rsa, .elliptic: break
            }
        }
        let end = [primary.expires, usable.compactMap(\.expires).max()].compactMap(\.self)
        let lasts = usable.contains { $0.expires == nil } ? primary.expires : end.min()
        guard let lasts else { return }
        let days = (lasts - Int(Date().timeIntervalSince1970)) / 86400
        if days < Doctor.expiryNotice {
            try problem(
                "key", path, "the key of \(account.name) expires in \(days) days; after that nothing can be uploaded",
                "extend it with gpg --quick-set-expire")
        }
    }

    /// Examines how the secret part of a key in use is kept.
    private func examineSecretPart(of key: KeyDescription, of account: Account, _ directory: URL) throws {
        guard let encryption = key.encryption else { return }
        switch KeyDirectory.protection(of: encryption, in: directory) {
        case .passphrase: break
        case .unprotected:
            try problem(
                "key", directory.path, "the key of \(account.name) is not protected by a passphrase",
                "no command of cryptsftp leaves a key like that: restore Configs from a backup; if the key is yours, "
                    + "take it with 'cryptsftp key import'")
        case .onCard, nil:
            let what = "the secret part of \(account.name)'s key is not here: nothing that is stored can be read here"
            let advice = "if that is not what you want, restore the key directory from a backup"
            if account.ownerCheck == .key {
                try note("key", directory.path, what, advice)
            } else {
                try problem(
                    "key", directory.path, "\(what), and \(account.name) cannot log in with the passphrase",
                    "\(advice); if it is, remove the 'password' line of \(account.name) from server.conf")
            }
        }
    }

    /// Compares an account with what its passphrase has confirmed, as far as that can be done without it.
    private func examineConfirmation(of account: Account, _ keys: [KeyDescription], _ path: String) throws {
        let identity = try KeyDirectory.identity(of: account.key, in: URL(filePath: path))
        let finding = AccountConfirmation.compare(account.name, in: vault.configuration, identity)
        let advice =
            "if you have changed that, accept it with 'cryptsftp user confirm \(account.name)'; else restore Configs "
            + "from a backup"
        switch finding {
        case .confirmed: break
        case .unconfirmed:
            try note(
                "confirmation", path, "the passphrase of \(account.name) has not confirmed the key and the settings",
                "confirm them with 'cryptsftp user confirm \(account.name)'")
            let usable = keys.filter { $0.unusableReason == nil }.count
            if usable > 1 {
                try problem(
                    "key", path, "\(account.name) has \(usable) keys that files can be encrypted to",
                    "if one is not yours, restore Configs from a backup; else confirm them with 'cryptsftp user "
                        + "confirm \(account.name)'")
            }
        case .changed(_, let differences), .otherKey(let differences):
            for difference in differences {
                try problem("confirmation", path, "not as the passphrase has confirmed it: \(difference)", advice)
            }
        }
    }

    func examinePermissions() throws {
        let configuration = vault.configuration
        guard try Volume(reading: Directory(path: configuration.directory.path)).hasPermissions else {
            return try note(
                "permissions", configuration.directory.path, "this file system has no permissions",
                "anyone with the medium can read the host keys, and guess the keys' passphrases offline: keep it safe")
        }
        let directory = configuration.directory
        try examine(directory, configuration.file.lastPathComponent)
        for name in entries(configuration.hostKeys) { try examine(configuration.hostKeys, name) }
        let keys = directory.appending(path: "keys")
        for user in entries(keys) {
            for part in Doctor.secretDirectories {
                let place = keys.appending(path: user).appending(path: part)
                for name in entries(place) { try examine(place, name) }
            }
        }
    }

    /// Reports a file that its group or everybody can read, if they can also pass the directories above it.
    private func examine(_ directory: URL, _ name: String) throws {
        let file = directory.appending(path: name)
        guard let mode = mode(file.path), mode & S_IFMT == S_IFREG else { return }
        var ways: [mode_t] = []
        var way = directory
        let top = vault.configuration.directory.standardizedFileURL.path
        while way.standardizedFileURL.path != top, way.path.count > top.count {
            ways.append(self.mode(way.path) ?? 0)
            way = way.deletingLastPathComponent()
        }
        ways.append(self.mode(top) ?? 0)
        for others: mode_t in [0o070, 0o007]
        where mode & others & 0o444 != 0 && ways.allSatisfy({ $0 & others & 0o111 != 0 }) {
            // A name that is not shown as it is cannot be pasted either.
            let advice =
                PrintableText.isPrintable(file.path)
                ? "chmod go= \(ShellText.quoted(file.path))" : "take the permissions of the group and of others from it"
            return try problem("permissions", file.path, "others on this machine can read it", advice)
        }
    }

    func entries(_ directory: URL) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []).sorted()
    }

    func mode(_ path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode : nil
    }
}
