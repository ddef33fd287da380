package import Foundation
package import OpenPGP
private import Platform

/// Brings changes to the user's key directory.
extension ScratchKeyring {
    /// Writes secret keys and revocation certificates to the user's directory, where nothing refers to new ones yet.
    ///
    /// - Parameter last: keygrips whose files are written last, one after the other.
    package func publishSecretKeys(to directory: URL, last: [String] = []) throws(OpenPGPError) {
        let names = try home.keyFiles().keys.filter { $0 != KeyDirectory.publicKeys }.sorted()
        let isLast = { (name: String) in last.contains { name.contains($0) } }
        try publish(names.filter { !isLast($0) } + names.filter(isLast), to: directory)
    }

    /// Writes the public keys to the user's directory: once this is done, they are in use.
    package func publishPublicKeys(to directory: URL) throws(OpenPGPError) {
        try publish([KeyDirectory.publicKeys], to: directory)
    }

    private func publish(_ names: [String], to directory: URL) throws(OpenPGPError) {
        let current = try home.keyFiles()
        do {
            for part in [KeyDirectory.secretKeys, KeyDirectory.revocations].map({ directory.appending(path: $0) }) {
                try FileManager.default.createDirectory(
                    at: part, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
                DurableFile.sweep(part)
            }
            DurableFile.sweep(directory)
            for name in names {
                guard let data = current[name], data != published[name] else { continue }
                try DurableFile.replace(directory.appending(path: name), with: data)
                published[name] = data
            }
            try DurableFile.synchronize(directory: directory)
        } catch {
            throw .cannotKeep(in: directory, error)
        }
    }
}

extension OpenPGPError {
    /// A key could not be written to a user's key directory.
    static func cannotKeep(in directory: URL, _ error: any Error) -> OpenPGPError {
        if let error = error as? OpenPGPError { return error }
        let system = error as? SystemError
        let reason = system?.description ?? error.localizedDescription
        return OpenPGPError(
            .inputOutput, "cannot keep the key in \(directory.path): \(reason)", errno: system?.number ?? 0)
    }
}
