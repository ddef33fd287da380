extension FileSystem {
    /// Hashes a whole file, after asking ``permit(_:)``.
    ///
    /// - Throws: as ``open(_:_:_:)`` and ``OpenFile/read(at:count:into:)`` do; a damaged file has no hash.
    package func hash(of path: VirtualPath, with digest: any Digest) throws(FileSystemError) -> [UInt8] {
        try permit(.read(path))
        try reading(path) { file throws(FileSystemError) in
            try file.forEachPiece(from: 0, count: nil, in: self) { digest.update($0) }
        }
        return digest.finish()
    }

    /// Opens a file, runs `body` with it, and closes it.
    func reading<Result>(
        _ path: VirtualPath, _ body: (any OpenFile) throws(FileSystemError) -> Result
    ) throws(FileSystemError) -> Result {
        let file = try open(path, .read, FileAttributes())
        let result: Result
        do throws(FileSystemError) {
            result = try body(file)
        } catch {
            file.abandon()
            throw error
        }
        try file.close()
        return result
    }
}
