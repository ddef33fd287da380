internal import Foundation
internal import OpenPGP

/// One file of `private-keys-v1.d`: a secret key as gpg-agent keeps it.
///
/// Source: gnupg `agent/keyformat.txt`.
struct SecretKeyFile {
    /// How the secret is kept.
    enum Protection {
        case passphrase
        case unprotected
        /// The file has no secret: it names the card that has it.
        case onCard
    }

    let url: URL

    /// - Parameters:
    ///   - keygrip: the key's name in GnuPG: 40 hexadecimal digits.
    ///   - directory: a GnuPG home or a user's key directory.
    init(_ keygrip: String, in directory: URL) {
        url = directory.appending(path: KeyDirectory.secretKeys).appending(path: "\(keygrip).key")
    }

    /// Nil when there is no such file.
    var contents: Data? { try? Data(contentsOf: url) }

    /// Nil when there is no such file.
    var protection: Protection? {
        guard let contents else { return nil }
        if contents.range(of: Data("shadowed-private-key".utf8)) != nil { return .onCard }
        let isProtected = ["protected-private-key", "openpgp-private-key"].contains {
            contents.range(of: Data($0.utf8)) != nil
        }
        return isProtected ? .passphrase : .unprotected
    }

    /// Whether the secret is in the file.
    var isUsable: Bool { protection == .passphrase || protection == .unprotected }

    static let unreadable = OpenPGPError(
        .engine, "gpg has written the key so that nothing opens it, which happens, but seldom: try again")
}
