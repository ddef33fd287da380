private import Foundation
package import OpenPGP
package import SFTP

extension MessageDigest: Digest {}

/// Hashes, and the owner of new files.
extension VaultFileSystem {
    package func digest(named name: String) -> (any Digest)? {
        MessageDigest.Algorithm(rawValue: name).flatMap { try? MessageDigest($0) }
    }

    package var owner: FileAttributes.Owner { .init(user: getuid(), group: getgid()) }
}
