internal import Foundation
package import OpenPGP
internal import Platform
package import SFTP

/// A file or directory in a home directory, or in another directory of stored files, as it is on the disk.
package struct TreeEntry {
    package enum Kind: String, Sendable {
        case file
        /// The part of an interrupted upload that has arrived.
        case partial
        /// Called "folder" in the output of tools, which does not change.
        case directory = "folder"
        /// A file whose name is not that of a stored file; no client sees it.
        case other
        /// A symbolic link, a device, a pipe or a socket.
        case special
    }

    package let kind: Kind
    let found: ResolvedPath

    /// The path on the disk, from the root of the walk.
    package let storedPath: VirtualPath

    /// Whether it is the data directory, where the server keeps something of its own.
    let isDataDirectory: Bool

    private init(_ found: ResolvedPath, storedPath: VirtualPath, isDataDirectory: Bool = false) {
        self.found = found
        self.storedPath = storedPath
        self.isDataDirectory = isDataDirectory
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

    /// The path by which its owner calls it, from the root of the walk.
    package var path: VirtualPath { found.path }
    /// The size on the disk in bytes.
    package var storedSize: UInt64 { UInt64(clamping: found.status.st_size) }
    /// The modification time in seconds since 1970.
    package var modified: Int { found.status.st_mtim.tv_sec }
    /// The number of hard links.
    package var links: Int { Int(found.status.st_nlink) }

    /// Opens the directory that this entry stands for.
    package func directory() throws(FileSystemError) -> Directory {
        found.path.isRoot ? found.directory : try found.directory.directory(named: found.name)
    }

    /// What is known of the message without a key.
    ///
    /// - Parameter checkingAll: see ``MessageOutline/init(_:count:checkingAll:)``.
    package func outline(checkingAll: Bool) throws(FileSystemError) -> MessageOutline {
        let (file, status) = try found.directory.openFile(found.name)
        return try FileSystemError.translating(
            openPGP: MessageOutline(
                file.raw, count: UInt64(clamping: status.st_size), checkingAll: checkingAll,
                isPartial: found.isPartial))
    }
}

extension TreeEntry {
    /// The root of a walk: a home directory, or any other directory.
    ///
    /// - Parameter isDataDirectory: whether it is the data directory: what the server keeps there is no entry.
    package init(root directory: Directory, isDataDirectory: Bool = false) throws(FileSystemError) {
        self.init(
            ResolvedPath(directory: directory, name: [], status: try directory.status(), path: .root),
            storedPath: .root, isDataDirectory: isDataDirectory)
    }

    /// An entry of a directory.
    ///
    /// - Parameters:
    ///   - name: its name on the disk.
    ///   - path: of the directory, as its owner calls it.
    ///   - storedPath: of the directory, on the disk.
    init(
        _ name: [UInt8], _ status: stat, in directory: Directory, below path: VirtualPath,
        storedBelow storedPath: VirtualPath
    ) {
        let shown =
            if status.isDirectory {
                StoredName.virtualOfDirectory(name)
            } else {
                status.isRegularFile ? StoredName.virtual(name) ?? StoredName.virtualOfPartial(name) ?? name : name
            }
        self.init(
            ResolvedPath(directory: directory, name: name, status: status, path: path.appending(shown)),
            storedPath: storedPath.appending(name))
    }

    /// Finds the entry at a path below `home`.
    ///
    /// Each name of the path may be the owner's or the one on the disk.
    ///
    /// - Parameters:
    ///   - home: a home directory.
    ///   - isDataDirectory: whether that is the data directory: what the server keeps there is not found.
    ///   - volume: the file system of `home`.
    /// - Returns: nil when there is none.
    package static func at(
        _ path: VirtualPath, in home: Directory, isDataDirectory: Bool = false, on volume: Volume
    ) throws(FileSystemError) -> TreeEntry? {
        if isDataDirectory, let first = path.components.first, StoredName.isReserved(first) { return nil }
        var entry = try TreeEntry(root: home, isDataDirectory: isDataDirectory)
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

    /// The entry of this directory with a name on the disk.
    package func entry(stored name: [UInt8]) throws(FileSystemError) -> TreeEntry? {
        let directory = try self.directory()
        return try directory.status(name).map { entry(name, $0, in: directory) }
    }

    private func entry(_ name: [UInt8], _ status: stat, in directory: Directory) -> TreeEntry {
        TreeEntry(name, status, in: directory, below: path, storedBelow: storedPath)
    }
}
