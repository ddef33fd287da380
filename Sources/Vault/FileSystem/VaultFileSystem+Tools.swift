package import SFTP

/// Access for the owner's tools, which need no client.
extension VaultFileSystem {
    /// Opens a stored file or a partial that was found in a walk through a tree.
    package func open(_ entry: TreeEntry) throws(FileSystemError) -> any OpenFile {
        try PlaintextDownload(entry.found, store, transfers)
    }

    /// The exact plaintext size; of a damaged file, the stored size.
    package func size(_ entry: TreeEntry) throws(FileSystemError) -> UInt64 { try size(of: entry.found) }

    /// Reads a file from its start to its end, in pieces.
    ///
    /// - Parameter body: gets each piece; an error that it throws ends the reading.
    /// - Throws: ``SFTP/FileSystemError`` for a damaged file. `body` has not got the last piece of it.
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
}
