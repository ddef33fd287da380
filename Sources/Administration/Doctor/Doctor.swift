private import Foundation
internal import OpenPGP
package import SFTP
internal import ServerConfiguration
package import Vault

/// `doctor`: looks for everything that may make a vault lose files or reveal them; changes nothing.
package final class Doctor {
    let vault: OwnerVault
    let say: (DoctorFinding) throws -> Void
    /// Called before each file.
    let pause: () throws -> Void
    /// For each directory that is being examined: its names, by their form without case.
    var names: [VirtualPath: [[UInt8]: [UInt8]]] = [:]

    /// - Parameters:
    ///   - vault: the vault to examine.
    ///   - pause: called before each file; may throw to end the examination.
    ///   - say: gets each finding at once.
    package init(
        _ vault: OwnerVault, pause: @escaping () throws -> Void, _ say: @escaping (DoctorFinding) throws -> Void
    ) {
        self.vault = vault
        self.say = say
        self.pause = pause
    }

    /// Makes all checks.
    package func examine() throws {
        try examineSurroundings()
        try examineMachine()
        try examineSpace()
        try examinePermissions()
        try examineKeys()
        try examineKeyFiles()
        try examineLeftovers()
        try TreeEntry(root: vault.data, isDataDirectory: true).walk(self)
    }

    func problem(_ check: String, _ path: String, _ what: String, _ advice: String) throws {
        try say(DoctorFinding(.problem, check, path, what, advice))
    }

    func note(_ check: String, _ path: String, _ what: String, _ advice: String) throws {
        try say(DoctorFinding(.note, check, path, what, advice))
    }

    /// The path of an entry of the data directory as findings show it.
    func shown(_ path: VirtualPath) -> String {
        path.isRoot ? vault.configuration.data.path : vault.configuration.data.path + path.text
    }
}

/// The checks of the data directory, file by file.
extension Doctor: TreeVisitor {
    package func enter(_ entry: TreeEntry) throws -> Bool {
        try pause()
        let path = shown(entry.storedPath)
        try examineName(entry)
        switch entry.kind {
        case .directory: return true
        case .special:
            try note("special", path, "a link, a device, a socket or a pipe", "clients do not see it: remove it")
        case .file, .partial, .other: try examineFile(entry, path)
        }
        return false
    }

    package func leave(_ directory: TreeEntry) throws { names[directory.storedPath] = nil }

    package func failed(_ path: VirtualPath, _ error: FileSystemError) throws {
        if error == FileSystemError(errno: EXDEV) {
            return try note(
                "mount", shown(path), "another file system is mounted here",
                "clients do not see its files: unmount it, or move the files")
        }
        try problem("unreadable", shown(path), error.message, "check its permissions and the disk")
    }

    private func examineFile(_ entry: TreeEntry, _ path: String) throws {
        if entry.kind == .partial {
            try note(
                "partial", path, "an upload that was interrupted: the file is not complete",
                "resume it, upload the file again, or remove it")
        }
        if entry.links > 1 {
            try note(
                "hard-links", path, "the file has \(entry.links) names on this disk",
                "replacing or removing it here leaves the other names: find them with find -samefile")
        }
        if let error = reasonAgainst(entry) {
            try examineUnencrypted(entry, path, error)
        } else if entry.kind == .other {
            try note(
                "not-stored", path, "an OpenPGP message whose name does not end in .gpg",
                "clients do not see it: add .gpg to its name if it belongs here")
        }
    }

    /// The reason why a file is not an encrypted OpenPGP message, or nil.
    private func reasonAgainst(_ entry: TreeEntry) -> FileSystemError? {
        do throws(FileSystemError) {
            _ = try entry.outline(checkingAll: false)
            return nil
        } catch {
            return error
        }
    }

    private func examineUnencrypted(_ entry: TreeEntry, _ path: String, _ error: FileSystemError) throws {
        if entry.kind != .other {
            try problem(
                "damaged", path, error.message,
                "restore it from a backup; if it was never encrypted, move it out and store it with 'cryptsftp encrypt'"
            )
        } else if entry.storedSize == 0 {
            try note("not-stored", path, "an empty file, which clients do not see", "remove it if nobody needs it")
        } else {
            try problem(
                "plaintext", path, "the file is not encrypted",
                "store it with 'cryptsftp encrypt --remove-source', or move it out of the data directory")
        }
    }

    private func examineName(_ entry: TreeEntry) throws {
        guard let name = entry.storedPath.name else { return }
        if let reason = NameForm.obstacle(in: name) {
            try note(
                "name", shown(entry.storedPath), "FAT, exFAT and Windows cannot hold this name: \(reason)",
                "rename it before copying it to such a medium")
        }
        if let other = hides(entry) {
            try note(
                "name", shown(entry.storedPath),
                "it stands for the same name as '\(other)', and clients see only that file",
                "compare the two, and rename or remove one")
        }
        let directory = entry.storedPath.parent
        let folded = NameForm.folded(name)
        if let other = names[directory]?[folded] {
            try note(
                "name", shown(entry.storedPath),
                "its name differs from '\(String(decoding: other, as: UTF8.self))' only in case",
                "rename one before copying both to FAT, exFAT or Windows")
        } else {
            names[directory, default: [:]][folded] = name
        }
    }

    /// The stored name of another entry that clients see in place of this one; nil when they see this one.
    ///
    /// Copying can bring together two stored names that are written differently and stand for the same name.
    private func hides(_ entry: TreeEntry) -> String? {
        // A stored name without escapes comes first.
        guard entry.kind != .special, entry.storedPath.name?.contains(UInt8(ascii: "%")) == true,
            let first = try? TreeEntry.at(entry.path, in: vault.data, isDataDirectory: true, on: vault.volume),
            first.kind == entry.kind,
            first.storedPath.parent == entry.storedPath.parent, first.storedPath != entry.storedPath
        else { return nil }
        return first.storedPath.name.map { String(decoding: $0, as: UTF8.self) }
    }
}
