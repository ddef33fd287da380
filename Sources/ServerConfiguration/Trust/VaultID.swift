package import Foundation
private import OpenPGP
package import Platform
private import Secrets

/// The file beside server.conf with random digits that tell a vault from others, wherever it is mounted.
///
/// Nothing secret is in it. Whoever can write to the vault can change it: then the machine finds another id where it
/// knows a vault.
package enum VaultID {
    package static let fileName = "vault-id"
    /// Hexadecimal digits of an id.
    private static let size = 32

    /// Reads the id.
    ///
    /// - Parameter directory: the directory with server.conf.
    /// - Returns: nil when there is no file, or no id in it.
    package static func read(in directory: URL) -> String? {
        guard let bytes = try? RegularFile.read(directory.appending(path: fileName).path, limit: 1024) else {
            return nil
        }
        let id = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return id.utf8.count == size && id.allSatisfy({ $0.isHexDigit && $0.isASCII }) ? id : nil
    }

    /// Reads the id, and makes one if there is none.
    ///
    /// - Throws: ``Platform/SystemError`` when the file cannot be written.
    package static func readOrMake(in directory: URL) throws(SystemError) -> String {
        if let id = read(in: directory) { return id }
        guard let random = SecretBytes.random(size / 2) else { throw SystemError(ENOMEM) }
        let id = random.withUnsafeBytes { Array($0) }.hexadecimal
        try DurableFile.replace(directory.appending(path: fileName), with: Data((id + "\n").utf8))
        return id
    }
}
