private import Foundation
internal import OpenPGP
package import SFTP
internal import ServerConfiguration
package import Vault

/// Looks for what would let a vault lose files, or give them away; it changes nothing.
package final class Doctor {
    let vault: OwnerVault
    let say: (DoctorFinding) throws -> Void
    /// Asked for each file.
    let pause: () throws -> Void
    /// Names of the directory that is being looked at, as FAT would have them.
    var names: [VirtualPath: [[UInt8]: [UInt8]]] = [:]

    /// - Parameters:
    ///   - say: gets each finding as soon as there is one.
    ///   - pause: may throw to end it early.
    package init(
        _ vault: OwnerVault, pause: @escaping () throws -> Void, _ say: @escaping (DoctorFinding) throws -> Void
    ) {
        self.vault = vault
        self.say = say
        self.pause = pause
    }

    package func examine() throws {
        try examineSurroundings()
        try examineSpace()
        try examinePermissions()
        try examineKeys()
        try examineLeftovers()
        try TreeEntry(root: vault.data).walk(self)
    }

    func problem(_ check: String, _ path: String, _ what: String, _ advice: String) throws {
        try say(DoctorFinding(.problem, check, path, what, advice))
    }

    func note(_ check: String, _ path: String, _ what: String, _ advice: String) throws {
        try say(DoctorFinding(.note, check, path, what, advice))
    }

    /// The path of something in the data directory, for people.
    func shown(_ path: VirtualPath) -> String {
        path.isRoot ? vault.configuration.data.path : vault.configuration.data.path + path.description
    }
}

/// The data directory, file by file.
extension Doctor: TreeVisitor {
    package func enter(_ entry: TreeEntry) throws -> Bool {
        try pause()
        let path = shown(entry.storedPath)
        try examineName(entry)
        switch entry.kind {
        case .directory: return true
        case .special:
            try note("special", path, "it is a link, a device or the like", "no client sees it; remove it")
        case .file, .partial, .other: try examineFile(entry, path)
        }
        return false
    }

    package func leave(_ directory: TreeEntry) throws { names[directory.storedPath] = nil }

    package func failed(_ path: VirtualPath, _ error: FileSystemError) throws {
        if error == FileSystemError(errno: EXDEV) {
            return try note(
                "mount", shown(path), "another file system is mounted there", "no client sees what is in it")
        }
        try problem("unreadable", shown(path), error.message, "look at the permissions, or at the disk")
    }

    private func examineFile(_ entry: TreeEntry, _ path: String) throws {
        if entry.kind == .partial {
            try note(
                "partial", path, "an upload that was cut off: not the whole file",
                "resume it, or send the file again, or remove it")
        }
        if entry.links > 1 {
            try note(
                "hard-links", path, "the file has \(entry.links) names on this disk",
                "what replaces or removes it here leaves it under the others: find them with find -samefile")
        }
        if let error = reasonAgainst(entry) {
            try examineUnencrypted(entry, path, error)
        } else if entry.kind == .other {
            try note(
                "not-stored", path, "an OpenPGP message whose name does not end in .gpg",
                "no client sees it; rename it if it belongs here")
        }
    }

    /// Why a file is no encrypted message, or nil.
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
                "put back a copy; if it was never encrypted, keep it elsewhere and store it with 'cryptsftp encrypt'")
        } else if entry.storedSize == 0 {
            try note("not-stored", path, "an empty file that no client sees", "remove it if nobody needs it")
        } else {
            try problem(
                "plaintext", path, "it is not encrypted",
                "store it with 'cryptsftp encrypt --remove-source', or move it")
        }
    }

    private func examineName(_ entry: TreeEntry) throws {
        guard let name = entry.storedPath.name else { return }
        if let reason = NameForm.obstacle(in: name) {
            try note(
                "name", shown(entry.storedPath), "FAT, exFAT and Windows cannot hold this name: \(reason)",
                "rename it before it is copied to such a medium")
        }
        if let other = hides(entry) {
            try note(
                "name", shown(entry.storedPath),
                "it stands for the same name as '\(other)': clients see that one alone",
                "compare the two, and rename or remove one")
        }
        let directory = entry.storedPath.parent
        let folded = NameForm.folded(name)
        if let other = names[directory]?[folded] {
            try note(
                "name", shown(entry.storedPath),
                "its name differs from '\(String(decoding: other, as: UTF8.self))' in case only",
                "rename one before both are copied to FAT, exFAT or Windows")
        } else {
            names[directory, default: [:]][folded] = name
        }
    }

    /// The name on the disk of what an entry's name leads to, if that is another one.
    ///
    /// Copying can bring together two that are written differently and stand for one name.
    private func hides(_ entry: TreeEntry) -> String? {
        // What is written as its name is comes first.
        guard entry.kind != .special, entry.storedPath.name?.contains(UInt8(ascii: "%")) == true,
            let first = try? TreeEntry.at(entry.path, in: vault.data, on: vault.volume), first.kind == entry.kind,
            first.storedPath.parent == entry.storedPath.parent, first.storedPath != entry.storedPath
        else { return nil }
        return first.storedPath.name.map { String(decoding: $0, as: UTF8.self) }
    }
}
