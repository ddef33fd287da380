package import Foundation
private import Platform

/// The file in which this machine remembers vaults: `known-vaults.json` in the state directory of this program.
///
/// It lies outside of every vault. Who can write to a vault cannot write to it.
///
/// Source: XDG Base Directory Specification, `XDG_STATE_HOME`.
package struct KnownVaults: Sendable {
    /// Why it is not known whether a vault can be trusted.
    package struct Failure: Error, CustomStringConvertible, Sendable {
        package let description: String

        package init(description: String) { self.description = description }
    }

    /// The file, whether it exists or not.
    package let file: URL

    /// Whether the directory that the file is in belongs to this user, or the nearest one above it that exists.
    private var isOwnPlace: Bool {
        var place = file.deletingLastPathComponent()
        var status = stat()
        while stat(place.path, &status) != 0 {
            guard place.path.count > 1 else { return true }
            place.deleteLastPathComponent()
        }
        return status.st_uid == geteuid()
    }

    /// Finds the file of this process's environment.
    package init() {
        let environment = ProcessInfo.processInfo.environment
        let home = environment["HOME"] ?? FileManager.default.homeDirectoryForCurrentUser.path
        let state = environment["XDG_STATE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "\(home)/.local/state"
        file = URL(filePath: state, directoryHint: .isDirectory).appending(path: "cryptsftp/known-vaults.json")
    }

    /// Reads all vaults.
    ///
    /// - Throws: ``Failure`` for a file that cannot be read: nobody knows then what is in it.
    package func all() throws(Failure) -> [KnownVault] {
        let bytes: [UInt8]
        do throws(RegularFile.Failure) {
            bytes = try RegularFile.read(file.path)
        } catch {
            if error.number == ENOENT || error.number == ENOTDIR { return [] }
            // HOME is another user's, as after setpriv(1): this user has never told the machine anything there.
            if error.number == EACCES, !isOwnPlace { return [] }
            throw Failure(
                description: "\(file.path), with the vaults that this machine trusts, cannot be read: \(error)")
        }
        guard let vaults = try? JSONDecoder().decode([KnownVault].self, from: Data(bytes)) else {
            throw Failure(
                description: "\(file.path), with the vaults that this machine trusts, is damaged: remove it, and run "
                    + "'cryptsftp trust' for each vault")
        }
        return vaults
    }

    /// The remembered vault with a server.conf in this directory.
    ///
    /// A vault is known by its id, wherever it is. An unknown id where a known vault was is an edit of the id.
    ///
    /// - Returns: nil for a vault that nobody has told this machine to trust.
    /// - Throws: ``Failure``, also for another id at the path of a known vault.
    package func vault(at directory: URL) throws(Failure) -> KnownVault? {
        let vaults = try all()
        guard !vaults.isEmpty else { return nil }
        let id = VaultID.read(in: directory)
        if let known = vaults.first(where: { $0.id == id }) { return known }
        let path = KnownVaults.realPath(directory)
        guard vaults.contains(where: { $0.path == path }) else { return nil }
        throw Failure(
            description: "this machine trusts a vault at \(path), and the one there now has "
                + (id == nil ? "no id" : "another id")
                + " in \(VaultID.fileName): if it is the one that you expect, run "
                + "'cryptsftp trust'")
    }

    /// Remembers a vault, in the place of what was remembered of the same id.
    ///
    /// - Throws: ``Platform/SystemError``, ``Failure``, or an error of Foundation.
    package func remember(_ vault: KnownVault) throws {
        try change { vaults in vaults.filter { $0.id != vault.id } + [vault] }
    }

    /// Forgets a vault.
    ///
    /// - Parameter directory: the directory with its server.conf.
    /// - Returns: what was forgotten.
    package func forget(_ directory: URL) throws -> [KnownVault] {
        let (id, path) = (VaultID.read(in: directory), KnownVaults.realPath(directory))
        var forgotten: [KnownVault] = []
        try change { vaults in
            forgotten = vaults.filter { $0.id == id || $0.path == path }
            return vaults.filter { !forgotten.contains($0) }
        }
        return forgotten
    }

    private func change(_ body: ([KnownVault]) -> [KnownVault]) throws {
        let directory = file.deletingLastPathComponent()
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try FileLock(.exclusive, directory: directory).withLock {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try DurableFile.replace(file, with: encoder.encode(body(all())))
        }
    }

    /// The path of a directory without links.
    package static func realPath(_ directory: URL) -> String { directory.resolvingSymlinksInPath().path }
}
