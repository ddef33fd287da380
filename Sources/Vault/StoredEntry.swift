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

    init(_ found: Found) {
        self.found = found
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
    /// Its path on the disk, from the home.
    package var storedPath: VirtualPath { found.path.isRoot ? .root : found.path.parent.appending(found.name) }
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
    /// What is at a path below `home`, which may be the owner's name for it or its name on the disk.
    ///
    /// - Returns: nil when there is nothing.
    package static func at(_ path: VirtualPath, in home: Folder) throws(FileSystemError) -> StoredEntry? {
        guard let name = path.name else {
            return StoredEntry(Found(folder: home, name: [], status: try home.status(), path: .root))
        }
        guard !path.components.contains(where: StoredName.isReserved) else { return nil }
        var folder = home
        for name in path.parent.components {
            guard let found = try folder.entry(name, .folder, in: path.parent) else { return nil }
            folder = try folder.folder(named: found.found.name)
        }
        for kind in [StoredName.Kind.folder, .file, .partial] {
            if let entry = try folder.entry(name, kind, in: path.parent) { return entry }
        }
        return try folder.entry(name, in: path.parent)
    }
}

extension Folder {
    /// What has a name on the disk.
    ///
    /// - Parameter path: of this folder.
    func entry(_ name: [UInt8], in path: VirtualPath) throws(FileSystemError) -> StoredEntry? {
        guard let status = try status(name) else { return nil }
        let shown =
            if status.isFolder {
                StoredName.virtualOfFolder(name)
            } else {
                status.isRegularFile ? StoredName.virtual(name) ?? StoredName.virtualOfPartial(name) ?? name : name
            }
        return StoredEntry(Found(folder: self, name: name, status: status, path: path.appending(shown)))
    }
}

extension Folder {
    /// What is stored here under a virtual name, in whatever form.
    fileprivate func entry(
        _ name: [UInt8], _ kind: StoredName.Kind, in path: VirtualPath
    ) throws(FileSystemError) -> StoredEntry? {
        for stored in StoredName.candidates(name, kind) where stored.count <= Limits.nameLength {
            guard let entry = try entry(stored, in: path) else { continue }
            if kind == .folder ? entry.kind == .folder : entry.found.status.isRegularFile { return entry }
        }
        return nil
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
                entry = try folder.entry(name, in: path)
            } catch {
                try visitor.failed(path.appending(name), error)
                continue
            }
            try entry?.walk(visitor)
        }
        try visitor.leave(self)
    }
}
