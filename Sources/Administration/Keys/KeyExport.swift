package import Foundation
internal import GnuPG
internal import OpenPGP
private import Platform
package import Secrets
internal import ServerConfiguration

/// `key export`: what somebody needs to read a user's files without this program, as files and as sheets to print.
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
        account = configuration.accounts[try configuration.index(of: name)]
    }

    /// Makes the files in memory.
    ///
    /// The secret key is read back before it is given out: a copy that cannot be opened is none.
    ///
    /// - Parameter passphrase: opens the key, and the exported one, too.
    /// - Returns: names and contents.
    package func files(
        passphrase: SecretBytes
    ) throws -> (names: Names, files: [(name: String, contents: Data)], hasCode: Bool) {
        let directory = configuration.keyDirectory(of: name)
        let workshop = try ScratchKeyring(keysIn: directory)
        let keys = try workshop.keys()
        let own = keys.filter { $0.encryption.map { workshop.hasSecret($0) } ?? false }
        guard let current = own.first(where: { $0.fingerprint == account.key }) else {
            throw UserError(description: "the secret part of \(name)'s key is not here: export it where it is")
        }
        _ = try SessionHome(keysIn: directory, fingerprint: account.key, passphrase: passphrase)
        // The one in use first: the sheet is about it.
        let fingerprints = [current.fingerprint] + own.map(\.fingerprint).filter { $0 != current.fingerprint }
        let secret = try workshop.export(.secretKeys(passphrase), of: fingerprints)
        try check(secret, own, workshop, passphrase)
        let names = Names(name)
        var files: [(name: String, contents: Data)] = [
            (names.secretKey, secret),
            (names.publicKey, try workshop.export(.publicKeys, of: fingerprints)),
        ]
        for fingerprint in fingerprints {
            let certificate = directory.appending(path: "openpgp-revocs.d/\(fingerprint).rev")
            if let data = try? Data(contentsOf: certificate) { files.append((names.revocation(fingerprint), data)) }
        }
        let sheet = RecoverySheet(
            user: name, home: account.home, keys: [current] + own.filter { $0.fingerprint != current.fingerprint },
            secretKeyFile: names.secretKey, secretKey: String(decoding: secret, as: UTF8.self))
        let drawing = QRCode.svg(secret)
        files.append((names.text, Data(sheet.text.utf8)))
        files.append((names.page, Data(sheet.page(code: drawing).utf8)))
        return (names, files, drawing != nil)
    }

    /// Takes the exported keys as another machine would.
    private func check(
        _ secret: Data, _ own: [KeyDescription], _ source: ScratchKeyring, _ passphrase: SecretBytes
    ) throws {
        let copy = try ScratchKeyring(keysIn: nil)
        try copy.add(keysIn: secret)
        let here = Set(try copy.keys().flatMap(\.subkeys).filter { copy.hasSecret($0) }.map(\.fingerprint))
        let there = Set(own.flatMap(\.subkeys).filter { source.hasSecret($0) }.map(\.fingerprint))
        guard here.isSuperset(of: there) else {
            throw UserError(
                description: "gpg has not exported all of the key: an older one may have another passphrase")
        }
        let changes = try copy.changePassphrase(from: passphrase, to: passphrase)
        guard !changes.values.contains(.refused) else {
            throw UserError(description: "what gpg has exported does not open")
        }
    }

    /// Writes files that nobody else may read into a directory, each as a whole.
    ///
    /// - Throws: ``UserError`` when one is there already.
    package static func write(_ files: [(name: String, contents: Data)], to directory: URL) throws {
        for (name, _) in files where FileManager.default.fileExists(atPath: directory.appending(path: name).path) {
            throw UserError(description: "there is a \(name) in \(directory.path) already: take another directory")
        }
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        for (name, contents) in files { try DurableFile.replace(directory.appending(path: name), with: contents) }
    }
}
