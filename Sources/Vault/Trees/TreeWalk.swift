internal import Foundation
internal import SFTP

/// A walk through a tree, without recursion: it takes as many descriptors and as much of the stack for a deep tree as
/// for a flat one.
///
/// The names of each directory on the way are in memory.
struct TreeWalk<Visitor: TreeVisitor> {
    /// A directory on the way from the root to the place of the walk.
    private struct Level {
        /// Its name on the disk; empty for the root.
        let name: [UInt8]
        let status: stat
        /// The names in it that have not been visited, the last one first.
        var rest: [[UInt8]]
        /// The open directory; nil once the walk is far below it.
        var directory: Directory?
    }

    /// The number of directories on the way that are kept open.
    private static var mostOpen: Int { 32 }

    private let root: TreeEntry
    private let visitor: Visitor
    private var levels: [Level] = []
    /// The paths of the last level: as its owner calls it, and on the disk.
    private var path: VirtualPath
    private var storedPath: VirtualPath

    init(_ root: TreeEntry, _ visitor: Visitor) {
        self.root = root
        self.visitor = visitor
        path = root.path
        storedPath = root.storedPath
    }

    mutating func run() throws {
        guard try visitor.enter(root), root.kind == .directory else { return }
        try descend(into: root)
        while !levels.isEmpty {
            if let name = levels[levels.count - 1].rest.popLast() { try visit(name) } else { try ascend() }
        }
    }

    private mutating func visit(_ name: [UInt8]) throws {
        let entry: TreeEntry?
        do throws(FileSystemError) {
            let directory = try open(levels.count - 1)
            entry = try directory.status(name).map {
                TreeEntry(name, $0, in: directory, below: path, storedBelow: storedPath)
            }
        } catch {
            return try visitor.failed(path.appending(name), error)
        }
        guard let entry, try visitor.enter(entry), entry.kind == .directory else { return }
        try descend(into: entry)
    }

    private mutating func descend(into entry: TreeEntry) throws {
        guard entry.storedPath.bytes.count <= Limits.pathLength else {
            return try visitor.failed(
                entry.path,
                .failure("its path is longer than \(Limits.pathLength) bytes: what is in it was not examined"))
        }
        var names: [[UInt8]] = []
        let directory: Directory
        do throws(FileSystemError) {
            directory = try entry.directory()
            let stream = try DirectoryStream(directory)
            while let name = try stream.next() {
                // What the server keeps for itself is at the top of the data directory, and nowhere else.
                if !(entry.isDataDirectory && StoredName.isReserved(name)) { names.append(name) }
            }
        } catch {
            return try visitor.failed(entry.path, error)
        }
        names.sort { $1.lexicographicallyPrecedes($0) }
        levels.append(Level(name: entry.found.name, status: entry.found.status, rest: names, directory: directory))
        (path, storedPath) = (entry.path, entry.storedPath)
        // The root has its directory from the caller: it takes no descriptor of this walk.
        let far = levels.count - 1 - Self.mostOpen
        if far > 0 { levels[far].directory = nil }
    }

    /// Ends the last level, and goes back to the one above.
    private mutating func ascend() throws {
        guard let level = levels.popLast() else { return }
        let (ended, storedEnded) = (path, storedPath)
        guard !levels.isEmpty else { return try visitor.leave(root) }
        path = ended.parent
        storedPath = storedEnded.parent
        let entry: TreeEntry
        do throws(FileSystemError) {
            entry = TreeEntry(
                level.name, level.status, in: try open(levels.count - 1), below: path, storedBelow: storedPath)
        } catch {
            return try visitor.failed(ended, error)
        }
        try visitor.leave(entry)
    }

    /// Opens the directory of a level.
    ///
    /// - Throws: when its path leads to another directory now, because somebody has moved it.
    private mutating func open(_ index: Int) throws(FileSystemError) -> Directory {
        if let directory = levels[index].directory { return directory }
        // The root is always open; the ones between are opened one after the other, and the last ones kept.
        var directory = try root.directory()
        for position in levels.indices.prefix(index + 1).dropFirst() {
            directory = try directory.directory(named: levels[position].name)
            guard try directory.status().isSameFile(as: levels[position].status) else {
                throw .failure("it was moved while it was examined")
            }
            if position > index - Self.mostOpen { levels[position].directory = directory }
        }
        return directory
    }
}

extension TreeEntry {
    /// Visits this entry and all below it, in the order of their names.
    package func walk(_ visitor: some TreeVisitor) throws {
        var walk = TreeWalk(self, visitor)
        try walk.run()
    }
}
