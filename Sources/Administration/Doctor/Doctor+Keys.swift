internal import Foundation
internal import GnuPG
package import OpenPGP
internal import ServerConfiguration
private import Vault

/// Keys, and who can read them.
extension Doctor {
    /// Days before a key's end from which on it is time to do something.
    private static let notice = 60
    /// Bits of an RSA key that are enough beyond 2030.
    ///
    /// Source: NIST SP 800-57, part 1, tables 2 and 4.
    private static let shortestRSA = 3072

    /// Directories of a key directory with what nobody else is to have.
    static let secretDirectories = ["private-keys-v1.d", "openpgp-revocs.d"]

    func examineKeys() throws {
        if let error = reasonAgainstGnuPG() {
            // Without gpg it would be the same for every key.
            return try problem("gpg", "gpg", error.description, "install gnupg \(GnuPGProgram.oldest) or newer")
        }
        for account in vault.configuration.accounts {
            let directory = vault.configuration.keyDirectory(of: account.name)
            switch keys(in: directory) {
            case .failure(let error):
                try problem("key", directory.path, error.description, "put the key directory back from a copy")
            case .success(let keys):
                if let key = keys.first(where: { $0.fingerprint == account.key }) {
                    try examine(key, of: account, directory.path)
                } else {
                    try problem(
                        "key", directory.path, "the key \(account.key) of \(account.name) is not in it",
                        "put the key directory back from a copy, or correct the 'key' line of server.conf")
                }
            }
        }
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
                "extend it with gpg, or give the user another key")
            return
        }
        for part in [primary] + usable.filter({ $0.fingerprint != primary.fingerprint }) {
            switch part.family {
            case .rsa where part.bits < Doctor.shortestRSA:
                try problem(
                    "key", path, "\(account.name) has an RSA key of \(part.bits) bits", "make one of 3072 bits or more")
            case .dsa, .elgamal:
                try problem(
                    "key", path, "\(account.name) has a key for \(part.family == .dsa ? "DSA" : "ElGamal")",
                    "make a new one: newer programs do not take these any more")
            case .unknown:
                try note("key", path, "\(account.name) has a key of an algorithm not known here", "look at it with gpg")
            case .rsa, .elliptic: break
            }
        }
        let end = [primary.expires, usable.compactMap(\.expires).max()].compactMap(\.self)
        let lasts = usable.contains { $0.expires == nil } ? primary.expires : end.min()
        guard let lasts else { return }
        let days = (lasts - Int(Date().timeIntervalSince1970)) / 86400
        if days < Doctor.notice {
            try problem(
                "key", path, "the key of \(account.name) expires in \(days) days: then nothing can be uploaded",
                "extend it with gpg")
        }
    }

    func examinePermissions() throws {
        let configuration = vault.configuration
        guard try Volume(reading: Directory(path: configuration.directory.path)).hasPermissions else {
            return try note(
                "permissions", configuration.directory.path, "this file system has no permissions",
                "whoever can reach the medium can read the keys, protected by their passphrases, and the host keys")
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

    /// Whether others can read a file, the directories on the way to it included.
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
            return try problem(
                "permissions", file.path, "others on this machine can read it", "chmod go= '\(file.path)'")
        }
    }

    func entries(_ directory: URL) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []).sorted()
    }

    private func mode(_ path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode : nil
    }
}
