internal import Foundation
private import Platform
internal import SFTP
internal import ServerConfiguration
internal import Vault

/// The checks of the vault's place, its free space, and what interrupted commands have left.
extension Doctor {
    /// A program that copies directories, and the signs of it.
    ///
    /// A sign counts in the vault's directories and in all directories above them.
    private struct Copier {
        let check: String
        let name: String
        /// Names of files or directories in the directory.
        var marks: [String] = []
        /// Beginnings of such names.
        var prefixes: [String] = []
        /// Beginnings of the directory's own name.
        var directories: [String] = []
    }

    private static let copiers = [
        Copier(check: "version-control", name: "git", marks: [".git"]),
        Copier(check: "version-control", name: "Mercurial", marks: [".hg"]),
        Copier(check: "version-control", name: "Subversion", marks: [".svn"]),
        Copier(check: "sync", name: "Syncthing", marks: [".stfolder", ".stignore"]),
        Copier(check: "sync", name: "Dropbox", marks: [".dropbox", ".dropbox.cache"], directories: ["Dropbox"]),
        Copier(check: "sync", name: "OneDrive", directories: ["OneDrive"]),
        Copier(
            check: "sync", name: "Nextcloud or ownCloud", marks: [".nextcloudsync.log", ".owncloudsync.log"],
            prefixes: [".sync_", "._sync_"]),
        Copier(
            check: "sync", name: "Google Drive", marks: [".tmp.driveupload", ".tmp.drivedownload"],
            directories: ["Google Drive", "GoogleDrive", "My Drive"]),
        Copier(
            check: "sync", name: "iCloud", directories: ["com~apple~CloudDocs", "Mobile Documents", "iCloud Drive"]),
    ]

    func examineSurroundings() throws {
        var seen: Set<String> = []
        for start in [vault.configuration.data, vault.configuration.directory] {
            var directory = start.resolvingSymlinksInPath()
            while true {
                let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
                for copier in Doctor.copiers where isAt(copier, directory, names) {
                    if seen.insert(copier.name + directory.path).inserted { try report(copier, directory.path) }
                }
                guard directory.path != "/" else { break }
                directory = directory.deletingLastPathComponent()
            }
        }
    }

    private func isAt(_ copier: Copier, _ directory: URL, _ names: [String]) -> Bool {
        names.contains { name in copier.marks.contains(name) || copier.prefixes.contains { name.hasPrefix($0) } }
            || copier.directories.contains { directory.lastPathComponent.hasPrefix($0) }
    }

    private func report(_ copier: Copier, _ path: String) throws {
        if copier.check == "version-control" {
            try note(
                copier.check, path, "the vault is inside a directory of \(copier.name)",
                "a committed file stays readable with the passphrase for ever, even after it is removed: "
                    + "have \(copier.name) ignore the vault's configuration and data")
        } else {
            try note(
                copier.check, path, "the vault is inside a directory that \(copier.name) seems to copy",
                "the copies have names, sizes, old versions and the protected keys; serve the vault from one machine at "
                    + "a time, or there will be conflicting copies of files")
        }
    }

    /// Notes what of the machine is bad for secrets: the same vault may be used on a better one.
    func examineMachine() throws {
        for hazard in MachineHazard.all { try note("machine", hazard.path, hazard.what, hazard.advice) }
    }

    /// Free bytes below which uploads will soon fail.
    private static let leastSpace: UInt64 = 100 << 20

    func examineSpace() throws {
        let path = vault.configuration.data.path
        let figures = try vault.data.statistics()
        let free = figures.availableBlocks.multipliedReportingOverflow(by: figures.fragmentSize)
        guard !free.overflow, figures.blocks > 0 else { return }
        let advice = "make room, or move the vault: while a file is replaced, both versions need space"
        if free.partialValue < Doctor.leastSpace {
            try problem("space", path, "only \(free.partialValue >> 20) MiB of the disk are free", advice)
        } else if figures.availableBlocks < figures.blocks / 20 {
            try note("space", path, "only \(free.partialValue >> 20) MiB of the disk are free", advice)
        }
    }

    func examineLeftovers() throws {
        for draft in DraftFile.abandoned(in: vault.data) {
            try note(
                "leftover", shown(VirtualPath.root.appending(draft.directory).appending(draft.name)),
                "an unfinished upload that no session writes to", "the server removes it at its next start")
        }
        let directory = vault.configuration.directory
        let keys = directory.appending(path: "keys")
        let homes = entries(keys).map { keys.appending(path: $0) }
        for home in homes where entries(home).contains(KeyRotation.recordName) {
            guard Account.isValid(name: home.lastPathComponent) else { continue }
            try note(
                "leftover", home.appending(path: KeyRotation.recordName).path, "a rotation is not complete",
                "unless one is running now, complete it with 'cryptsftp rotate \(home.lastPathComponent)'")
        }
        let inner = homes.flatMap { home in Doctor.secretDirectories.map { home.appending(path: $0) } }
        for place in [directory, keys] + homes + inner {
            for name in entries(place) where isLeftover(name) {
                try note(
                    "leftover", place.appending(path: name).path, "an interrupted change has left it",
                    "remove it while no cryptsftp is running")
            }
        }
    }
}
