package import SFTP

/// Reading and writing for the owner's own tools, which need no client.
extension VaultFileSystem {
    /// Opens what a walk has found: the whole file, or what has arrived of one.
    package func open(_ entry: TreeEntry) throws(FileSystemError) -> any OpenFile {
        try PlaintextDownload(entry.found, in: self)
    }

    /// The exact plaintext size; of a damaged file the stored one.
    package func size(_ entry: TreeEntry) throws(FileSystemError) -> UInt64 { try size(of: entry.found) }

    /// Reads a file from its start to its end, in pieces.
    ///
    /// - Parameter body: gets each piece. What it throws ends the reading.
    /// - Throws: ``FileSystemError`` for a file that is not intact: then `body` has not had the last piece.
    package func read(_ entry: TreeEntry, _ body: (ArraySlice<UInt8>) throws -> Void) throws {
        let file = try open(entry)
        var buffer: [UInt8] = []
        var position: UInt64 = 0
        do {
            while true {
                buffer.removeAll(keepingCapacity: true)
                do throws(FileSystemError) {
                    try file.read(at: position, count: Limits.dataLength, into: &buffer)
                } catch .endOfFile {
                    break
                }
                try body(buffer[...])
                position += UInt64(buffer.count)
            }
        } catch {
            file.abandon()
            throw error
        }
        try file.close()
    }

    /// Gives up what is being written at a path: no older version, and no partial, comes of it.
    func discard(_ path: VirtualPath) { uploads[path]?.discard() }
}
