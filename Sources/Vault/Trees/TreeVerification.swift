internal import OpenPGP
package import SFTP

/// Verifies stored files: their framing and recipients, and with the secret key also their contents (MDC).
package final class TreeVerification: TreeVisitor {
    private let keyIDs: Set<[UInt8]>
    private let vault: VaultFileSystem?
    private let observer: any TreeObserver

    /// - Parameters:
    ///   - keyIDs: the key IDs of the subkeys that the files may be encrypted to.
    ///   - vault: decrypts the files; nil checks only what needs no key.
    package init(keyIDs: Set<[UInt8]>, unlockedBy vault: VaultFileSystem?, _ observer: any TreeObserver) {
        self.keyIDs = keyIDs
        self.vault = vault
        self.observer = observer
    }

    package func enter(_ entry: TreeEntry) throws -> Bool {
        switch entry.kind {
        case .directory: return true
        case .other: try observer.report(entry.path, .leftAlone("it is no stored file"))
        case .special: try observer.report(entry.path, .leftAlone("it is neither a file nor a directory"))
        case .file, .partial:
            do {
                try check(entry)
                try observer.report(entry.path, entry.kind == .partial ? .incomplete : .done(entry.storedSize))
            } catch let error as FileSystemError {
                try observer.report(entry.path, .damaged(error.message))
            }
        }
        return false
    }

    package func failed(_ path: VirtualPath, _ error: FileSystemError) throws {
        try observer.report(path, .damaged(error.message))
    }

    private func check(_ entry: TreeEntry) throws {
        let outline = try entry.outline(checkingAll: true)
        let hidden = [UInt8](repeating: 0, count: 8)
        guard outline.recipients.contains(where: { keyIDs.contains($0) || $0 == hidden }) else {
            throw FileSystemError.failure("it is encrypted to another key than the user's")
        }
        if let vault {
            try vault.read(entry) { try observer.advance($0.count) }
        } else {
            try observer.advance(Int(clamping: entry.storedSize))
        }
    }
}
