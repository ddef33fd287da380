internal import Foundation
package import OpenPGP
package import SFTP

/// Something in a home, or in any folder of stored files, as it lies on the disk.
package struct StoredEntry {
    package enum Kind: String, Sendable {
        case file
        /// What has arrived of an upload that was cut off.
        case partial
        case folder
        /// A file whose name is not that of a stored file: no client sees it.
        case other
        /// A link, a device or the like.
        case special
    }

    package let kind: Kind
    let found: Found

    /// Its path on the disk, from the home.
    package let storedPath: VirtualPath

    private init(_ found: Found, storedPath: VirtualPath) {
        self.found = found
        self.storedPath = storedPath
        kind =
            if found.isFolder {
                .folder
            } else if !found.status.isRegularFile {
                .special
            } else if found.isPartial {
                .partial
            } else {
                StoredName.virtual(found.name) == nil ? .other : .file
            }
    }

    /// The path by which its owner calls it, from the home.
    package var path: VirtualPath { found.path }
    /// Octets on the disk.
    package var storedSize: UInt64 { UInt64(clamping: found.status.st_size) }
    /// When it was changed last, in seconds since 1970.
    package var modified: Int { found.status.st_mtim.tv_sec }
    /// How many names the file has on its file system.
    package var links: Int { Int(found.status.st_nlink) }

    /// The folder itself.
    package func folder() throws(FileSystemError) -> Folder {
        found.path.isRoot ? found.folder : try found.folder.folder(named: found.name)
    }

    /// What can be told of the message without a key.
    ///
    /// - Parameter checkingAll: see ``MessageOutline/init(_:count:checkingAll:)``.
    package func outline(checkingAll: Bool) throws(FileSystemError) -> MessageOutline {
        let (file, status) = try found.folder.openFile(found.name)
        do throws(OpenPGPError) {
            return try MessageOutline(
                file.raw, count: UInt64(clamping: status.st_size), checkingAll: checkingAll)
        } catch {
            throw FileSystemError(error)
        }
    }
}

extension StoredEntry {
    /// A home, or any folder that is to be the root of all below it.
    package init(root folder: Folder) throws(FileSystemError) {
        self.init(
            Found(folder: folder, name: [], status: try folder.status(), path: .root), storedPath: .root)
    }

    /// What is at a path below `home`, of which each name may be the owner's or the one on the disk.
    ///
    /// - Parameter volume: what the home lies on.
    /// - Returns: nil when there is nothing.
    package static func at(
        _ path: VirtualPath, in home: Folder, on volume: Volume
    ) throws(FileSystemError) -> StoredEntry? {
        guard !path.components.contains(where: StoredName.isReserved) else { return nil }
        var entry = try StoredEntry(root: home)
        for (depth, name) in path.components.enumerated() {
            let isLast = depth == path.components.count - 1
            guard entry.kind == .folder,
                let next = try entry.entry(name, isLast ? [.folder, .file, .partial] : [.folder], on: volume)
            else { return nil }
            entry = next
        }
        return entry
    }

    private func entry(
        _ name: [UInt8], _ kinds: [StoredName.Kind], on volume: Volume
    ) throws(FileSystemError) -> StoredEntry? {
        let folder = try self.folder()
        for kind in kinds {
            if let found = try folder.entry(name, kind, on: volume) {
                return entry(found.stored, found.status, in: folder)
            }
        }
        return try folder.status(name, on: volume).map { entry(name, $0, in: folder) }
    }

    /// What has a name on the disk in this folder.
    package func entry(stored name: [UInt8]) throws(FileSystemError) -> StoredEntry? {
        let folder = try self.folder()
        return try folder.status(name).map { entry(name, $0, in: folder) }
    }

    private func entry(_ name: [UInt8], _ status: stat, in folder: Folder) -> StoredEntry {
        let shown =
            if status.isFolder {
                StoredName.virtualOfFolder(name)
            } else {
                status.isRegularFile ? StoredName.virtual(name) ?? StoredName.virtualOfPartial(name) ?? name : name
            }
        return StoredEntry(
            Found(folder: folder, name: name, status: status, path: path.appending(shown)),
            storedPath: storedPath.appending(name))
    }
}

/// What the walk through a tree finds.
package protocol StoredTreeVisitor: AnyObject {
    /// Something was found; a folder before what is in it.
    ///
    /// - Returns: for a folder, whether to go into it.
    func enter(_ entry: StoredEntry) throws -> Bool
    /// All in a folder has been visited.
    func leave(_ folder: StoredEntry) throws
    /// Something could not be looked at.
    func failed(_ path: VirtualPath, _ error: FileSystemError) throws
}

extension StoredTreeVisitor {
    package func leave(_ folder: StoredEntry) throws {}
}

extension StoredEntry {
    /// Visits this, and all below it, by name.
    ///
    /// The names of one folder at a time are in memory.
    package func walk(_ visitor: some StoredTreeVisitor) throws {
        guard try visitor.enter(self), kind == .folder else { return }
        let folder: Folder
        var names: [[UInt8]] = []
        do throws(FileSystemError) {
            folder = try self.folder()
            let stream = try DirectoryStream(folder)
            while let name = try stream.next() { names.append(name) }
        } catch {
            return try visitor.failed(path, error)
        }
        for name in names.sorted(by: { $0.lexicographicallyPrecedes($1) }) where !StoredName.isReserved(name) {
            let entry: StoredEntry?
            do throws(FileSystemError) {
                entry = try folder.status(name).map { self.entry(name, $0, in: folder) }
            } catch {
                try visitor.failed(path.appending(name), error)
                continue
            }
            try entry?.walk(visitor)
        }
        try visitor.leave(self)
    }
}
