internal import Foundation
internal import GnuPG
internal import OpenPGP
internal import Secrets
internal import ServerConfiguration

extension Configuration {
    /// The user with a name.
    ///
    /// - Throws: ``UserError`` when there is none.
    func user(_ name: String) throws(UserError) -> Account {
        guard let account = account(named: name) else {
            throw UserError(description: "there is no user '\(name.prefix(64))' in \(file.path)")
        }
        return account
    }

    /// Opens a key once, to find out whether a passphrase does.
    ///
    /// - Parameters:
    ///   - passphrase: what is tried.
    ///   - fingerprint: the key.
    ///   - keys: the key directory that it is in.
    /// - Throws: ``OpenPGP/OpenPGPError``, with `.passphrase` when it is the wrong one.
    func check(_ passphrase: SecretBytes, opens fingerprint: String, in keys: URL) throws(OpenPGPError) {
        _ = try SessionHome(keysIn: keys, fingerprint: fingerprint, passphrase: passphrase)
    }
}
