internal import Foundation
package import OpenPGP
package import SFTP

/// Something in a home, or in any directory of stored files, as it lies on the disk.
package struct TreeEntry {
    package enum Kind: String, Sendable {
        case file
        /// What has arrived of an upload that was cut off.
        case partial
        /// Called "folder" in the output of tools, which does not change.
        case directory = "folder"
        /// A file whose name is not that of a stored file: no client sees it.
        case other
        /// A link, a device or the like.
        case special
    }

    package let kind: Kind
    let found: ResolvedPath

    /// Its path on the disk, from the home.
    package let storedPath: VirtualPath

    private init(_ found: ResolvedPath, storedPath: VirtualPath) {
        self.found = found
        self.storedPath = storedPath
        kind =
            if found.isDirectory {
                .directory
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
    /// Bytes on the disk.
    package var storedSize: UInt64 { UInt64(clamping: found.status.st_size) }
    /// When it was changed last, in seconds since 1970.
    package var modified: Int { found.status.st_mtim.tv_sec }
    /// How many names the file has on its file system.
    package var links: Int { Int(found.status.st_nlink) }

    /// The directory itself.
    package func directory() throws(FileSystemError) -> Directory {
        found.path.isRoot ? found.directory : try found.directory.directory(named: found.name)
    }

    /// What can be told of the message without a key.
    ///
    /// - Parameter checkingAll: see ``MessageOutline/init(_:count:checkingAll:)``.
    package func outline(checkingAll: Bool) throws(FileSystemError) -> MessageOutline {
        let (file, status) = try found.directory.openFile(found.name)
        do throws(OpenPGPError) {
            return try MessageOutline(
                file.raw, count: UInt64(clamping: status.st_size), checkingAll: checkingAll)
        } catch {
            throw FileSystemError(error)
        }
    }
}

extension TreeEntry {
    /// A home, or any directory that is to be the root of all below it.
    package init(root directory: Directory) throws(FileSystemError) {
        self.init(
            ResolvedPath(directory: directory, name: [], status: try directory.status(), path: .root), storedPath: .root
        )
    }

    /// What is at a path below `home`, of which each name may be the owner's or the one on the disk.
    ///
    /// - Parameter volume: what the home lies on.
    /// - Returns: nil when there is nothing.
    package static func at(
        _ path: VirtualPath, in home: Directory, on volume: Volume
    ) throws(FileSystemError) -> TreeEntry? {
        guard !path.components.contains(where: StoredName.isReserved) else { return nil }
        var entry = try TreeEntry(root: home)
        for (depth, name) in path.components.enumerated() {
            let isLast = depth == path.components.count - 1
            guard entry.kind == .directory,
                let next = try entry.entry(name, isLast ? [.directory, .file, .partial] : [.directory], on: volume)
            else { return nil }
            entry = next
        }
        return entry
    }

    private func entry(
        _ name: [UInt8], _ kinds: [StoredName.Kind], on volume: Volume
    ) throws(FileSystemError) -> TreeEntry? {
        let directory = try self.directory()
        for kind in kinds {
            if let found = try directory.entry(name, kind, on: volume) {
                return entry(found.stored, found.status, in: directory)
            }
        }
        return try directory.status(name, on: volume).map { entry(name, $0, in: directory) }
    }

    /// What has a name on the disk in this directory.
    package func entry(stored name: [UInt8]) throws(FileSystemError) -> TreeEntry? {
        let directory = try self.directory()
        return try directory.status(name).map { entry(name, $0, in: directory) }
    }

    private func entry(_ name: [UInt8], _ status: stat, in directory: Directory) -> TreeEntry {
        let shown =
            if status.isDirectory {
                StoredName.virtualOfDirectory(name)
            } else {
                status.isRegularFile ? StoredName.virtual(name) ?? StoredName.virtualOfPartial(name) ?? name : name
            }
        return TreeEntry(
            ResolvedPath(directory: directory, name: name, status: status, path: path.appending(shown)),
            storedPath: storedPath.appending(name))
    }
}

/// What the walk through a tree finds.
package protocol TreeVisitor: AnyObject {
    /// Something was found; a directory before what is in it.
    ///
    /// - Returns: for a directory, whether to go into it.
    func enter(_ entry: TreeEntry) throws -> Bool
    /// All in a directory has been visited.
    func leave(_ directory: TreeEntry) throws
    /// Something could not be looked at.
    func failed(_ path: VirtualPath, _ error: FileSystemError) throws
}

extension TreeVisitor {
    package func leave(_ directory: TreeEntry) throws {}
}

extension TreeEntry {
    /// Visits this, and all below it, by name.
    ///
    /// The names of one directory at a time are in memory.
    package func walk(_ visitor: some TreeVisitor) throws {
        guard try visitor.enter(self), kind == .directory else { return }
        let directory: Directory
        var names: [[UInt8]] = []
        do throws(FileSystemError) {
            directory = try self.directory()
            let stream = try DirectoryStream(directory)
            while let name = try stream.next() { names.append(name) }
        } catch {
            return try visitor.failed(path, error)
        }
        for name in names.sorted(by: { $0.lexicographicallyPrecedes($1) }) where !StoredName.isReserved(name) {
            let entry: TreeEntry?
            do throws(FileSystemError) {
                entry = try directory.status(name).map { self.entry(name, $0, in: directory) }
            } catch {
                try visitor.failed(path.appending(name), error)
                continue
            }
            try entry?.walk(visitor)
        }
        try visitor.leave(self)
    }
}
