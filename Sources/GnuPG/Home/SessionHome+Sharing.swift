internal import Foundation
package import OpenPGP
private import Platform
private import Secrets

/// Keys that one session of a user has opened, for the user's other sessions.
extension SessionHome {
    /// What another session of this user needs; nil for a session without secret keys.
    ///
    /// - Throws: `.inputOutput` when a file of the home cannot be opened.
    package func sharedKeys() throws(OpenPGPError) -> SharedKeys? {
        guard let passphrase else { return nil }
        let native = cryptor.engine as? NativeEngine
        let names = KeyDirectory.files(in: home.url)
        var files: [OwnedDescriptor] = []
        for name in names {
            let path = home.url.appending(path: name).path
            files.append(
                try OpenPGPError.inputOutput("a key cannot be passed on") { () throws(SystemError) in
                    try OwnedDescriptor(path: path, O_RDONLY | O_NOFOLLOW)
                })
        }
        return SharedKeys(
            facts: .init(
                identity: identity, publicKey: opened?.publicKey, keyID: cryptor.key.keyID,
                unusableReason: cryptor.key.unusableReason,
                framing: gnupg.framing, subkey: native?.subkey.packet, fallbackReason: cryptor.fallbackReason,
                names: names),
            files: files, passphrase: passphrase, scalar: native?.secret?.scalar,
            authenticationKey: opened?.authenticationKey)
    }
}

extension GnuPGHome {
    /// The most bytes of a file of a GnuPG home.
    private static let longestFile = 16 << 20

    /// Writes the files of another home.
    func write(_ shared: SharedKeys) throws(OpenPGPError) {
        for (name, file) in zip(shared.facts.names, shared.files) {
            do {
                let target = url.appending(path: name)
                try FileManager.default.createDirectory(
                    at: target.deletingLastPathComponent(), withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700])
                var contents = Data(count: Int(clamping: try file.status().st_size))
                guard contents.count <= GnuPGHome.longestFile else { throw SystemError(EFBIG) }
                // The file is read from its start, whatever the position that it shares.
                let count = try contents.withUnsafeMutableBytes { try FileIO.read(file.raw, at: 0, into: $0) }
                guard count == contents.count,
                    FileManager.default.createFile(
                        atPath: target.path, contents: contents, attributes: [.posixPermissions: 0o600])
                else { throw SystemError(EIO) }
            } catch {
                throw OpenPGPError(.inputOutput, "the keys of another session cannot be taken: \(error)")
            }
        }
    }
}
