internal import Foundation
internal import SFTP
internal import ServerConfiguration
internal import Vault

/// Where the vault lies.
extension Doctor {
    /// Somebody who makes copies of a directory, and how that is seen.
    private struct Copier {
        let check: String
        let name: String
        /// Names in the directory, or in one above it.
        var marks: [String] = []
        /// What such a name begins with.
        var prefixes: [String] = []
        /// What the directory itself, or one above it, is called, or begins with.
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
                "what is committed stays readable with the passphrase for ever, removed files too: "
                    + "let it ignore Configs and data")
        } else {
            try note(
                copier.check, path, "the vault is inside a directory that \(copier.name) seems to copy",
                "names, sizes, old versions and the protected keys are kept there, too; "
                    + "serve it from one machine at a time, or there will be conflict copies")
        }
    }

    /// Bytes below which uploads are about to fail.
    private static let leastSpace: UInt64 = 100 << 20

    func examineSpace() throws {
        let path = vault.configuration.data.path
        let figures = try vault.data.statistics()
        let free = figures.availableBlocks.multipliedReportingOverflow(by: figures.fragmentSize)
        guard !free.overflow, figures.blocks > 0 else { return }
        let advice = "remove something, or move the vault: an overwritten file needs room for both versions"
        if free.partialValue < Doctor.leastSpace {
            try problem("space", path, "there are only \(free.partialValue >> 20) MiB left on the disk", advice)
        } else if figures.availableBlocks < figures.blocks / 20 {
            try note("space", path, "there are only \(free.partialValue >> 20) MiB left on the disk", advice)
        }
    }

    func examineLeftovers() throws {
        for draft in DraftFile.abandoned(in: vault.data) {
            try note(
                "leftover", shown(VirtualPath.root.appending(draft.directory).appending(draft.name)),
                "a draft that nobody writes any more", "the server removes it when it starts")
        }
        let directory = vault.configuration.directory
        let keys = directory.appending(path: "keys")
        let homes = entries(keys).map { keys.appending(path: $0) }
        for home in homes where entries(home).contains(KeyRotation.recordName) {
            try note(
                "leftover", home.appending(path: KeyRotation.recordName).path, "a rotation has not come to its end",
                "unless one is at work now: 'cryptsftp rotate \(home.lastPathComponent)' goes on with it")
        }
        let inner = homes.flatMap { home in Doctor.secretDirectories.map { home.appending(path: $0) } }
        for place in [directory, keys] + homes + inner {
            for name in entries(place) where name.hasPrefix(".") && name.hasSuffix(".new") {
                try note(
                    "leftover", place.appending(path: name).path, "a change that was interrupted left it",
                    "remove it when no cryptsftp runs")
            }
        }
    }
}
