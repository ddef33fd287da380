/// An open file.
///
/// Exactly one of ``close()`` and ``abandon()`` ends it.
package protocol OpenFile: AnyObject {
    /// Appends bytes from `offset` on to `buffer`: `count` of them, fewer only at the end of the file.
    ///
    /// - Throws: ``FileSystemError/endOfFile`` when there are none.
    func read(at offset: UInt64, count: Int, into buffer: inout [UInt8]) throws(FileSystemError)

    /// Takes bytes for `offset`. They are stored when ``close()`` returns, not earlier.
    func write(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(FileSystemError)

    func attributes() throws(FileSystemError) -> FileAttributes

    func setAttributes(_ attributes: FileAttributes) throws(FileSystemError)

    /// Answers `fsync@openssh.com`: throws the first error there has been since the file was opened.
    func synchronize() throws(FileSystemError)

    func statistics() throws(FileSystemError) -> FileSystemStatistics

    /// Closes the file. When this returns, a file that was written is on the disk under its name.
    func close() throws(FileSystemError)

    /// Ends the file without a CLOSE, because the connection has ended.
    func abandon()
}
