package import Foundation
internal import GnuPG
internal import OpenPGP
private import Platform
package import Secrets
internal import ServerConfiguration

/// `key export`: writes everything that reading a user's files without this program needs, as files and as sheets to
/// print.
package struct KeyExport {
    /// The names of the files, in the order in which they are written.
    package struct Names: Sendable {
        package let secretKey: String
        package let publicKey: String
        package let text: String
        package let page: String
        fileprivate let user: String

        fileprivate init(_ user: String) {
            self.user = user
            secretKey = "\(user)-secret-key.asc"
            publicKey = "\(user)-public-key.asc"
            text = "\(user)-recovery.txt"
            page = "\(user)-recovery.html"
        }

        fileprivate func revocation(_ fingerprint: String) -> String { "\(user)-revocation-\(fingerprint).asc" }
    }

    private let name: String
    private let configuration: Configuration
    private let account: Account

    package init(of name: String, in file: URL) throws {
        self.name = name
        configuration = try Configuration(file: file)
        account = try configuration.user(name)
    }

    /// Makes the files in memory.
    ///
    /// The exported secret key is read back and opened first.
    ///
    /// - Parameters:
    ///   - passphrase: opens the key, and the exported copy too.
    ///   - warn: gets what is not as the passphrase has confirmed it.
    /// - Returns: names and contents.
    /// - Throws: ``UserError`` when the secret part is not here; ``OpenPGP/OpenPGPError``.
    package func files(
        passphrase: SecretBytes, warn: (String) -> Void
    ) throws -> (names: Names, files: [(name: String, contents: Data)], hasCode: Bool) {
        let directory = configuration.keyDirectory(of: name)
        let keyring = try ScratchKeyring(keysIn: directory)
        let own = try keyring.keys().filter { $0.encryption.map { keyring.hasSecret($0) } ?? false }
        guard let current = own.first(where: { $0.fingerprint == account.key }) else {
            throw UserError(
                description:
                    "the secret part of \(name)'s key is not on this machine: export it on the machine that has "
                    + "it")
        }
        _ = try configuration.open(account, with: passphrase, warn: warn)
        // The key in use comes first: the sheet is about it.
        let keys = [current] + own.filter { $0.fingerprint != current.fingerprint }
        let fingerprints = keys.map(\.fingerprint)
        let secret = try keyring.export(.secretKeys(passphrase), of: fingerprints)
        try check(secret, own, keyring, passphrase)
        let names = Names(name)
        var files: [(name: String, contents: Data)] = [
            (names.secretKey, secret),
            (names.publicKey, try keyring.export(.publicKeys, of: fingerprints)),
        ]
        for fingerprint in fingerprints {
            let certificate = directory.appending(path: "openpgp-revocs.d/\(fingerprint).rev")
            if let text = try? RegularFile.read(certificate.path) {
                files.append((names.revocation(fingerprint), Data(text)))
            }
        }
        let sheet = RecoverySheet(
            user: name, home: account.home, keys: keys, secretKeyFile: names.secretKey,
            secretKey: String(decoding: secret, as: UTF8.self))
        let drawing = QRCode.svg(secret)
        files.append((names.text, Data(sheet.text.utf8)))
        files.append((names.page, Data(sheet.page(code: drawing).utf8)))
        return (names, files, drawing != nil)
    }

    /// Imports the exported keys into an empty keyring, as another machine would, and opens them.
    private func check(
        _ secret: Data, _ own: [KeyDescription], _ source: ScratchKeyring, _ passphrase: SecretBytes
    ) throws {
        let copy = try ScratchKeyring(keysIn: nil)
        try copy.add(keysIn: secret)
        let here = Set(try copy.keys().flatMap(\.subkeys).filter { copy.hasSecret($0) }.map(\.fingerprint))
        let there = Set(own.flatMap(\.subkeys).filter { source.hasSecret($0) }.map(\.fingerprint))
        guard here.isSuperset(of: there) else {
            throw UserError(
                description: "gpg has not exported all of \(name)'s keys: an older one may have another passphrase")
        }
        let changes = try copy.changePassphrase(from: passphrase, to: passphrase)
        guard !changes.values.contains(.refused) else {
            throw UserError(description: "the passphrase does not open what gpg has exported; nothing was written")
        }
    }

    /// Writes files into a directory, each as a whole, with permissions for their owner alone.
    ///
    /// - Throws: ``UserError`` when one of them exists already.
    package static func write(_ files: [(name: String, contents: Data)], to directory: URL) throws {
        for (name, _) in files where FileManager.default.fileExists(atPath: directory.appending(path: name).path) {
            throw UserError(description: "there is a \(name) in \(directory.path) already: name another directory")
        }
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        for (name, contents) in files { try DurableFile.replace(directory.appending(path: name), with: contents) }
    }
}
