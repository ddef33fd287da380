internal import OpenPGP
internal import SFTP

/// The sizes that an upload may have.
extension UploadContents {
    /// Bytes by which a file of a write-only session may be longer than what was sent: sending a hole costs nothing.
    private static let writeOnlyHoleLimit: UInt64 = 64 << 20

    /// Refuses a size that cannot be stored, before any of it is stored.
    ///
    /// - Parameters:
    ///   - size: the new size of the file in bytes; one that is not larger is always permitted.
    ///   - pending: the bytes that all uploads of the session will still write to the disk.
    func admit(_ size: UInt64, pending: () -> UInt64) throws(FileSystemError) {
        guard size > count else { return }
        try refuseTooLargeForFileSystem(size)
        try takeRoom(for: size, pending: pending)
        // The other limits concern holes: a file that grows without them is stopped by the disk.
        guard size - count > UInt64(Limits.packetLength) else { return }
        try refuseTooLargeForOpenPGP(size)
        try refuseWriteOnlyHole(size)
        try refuseWithoutFreeSpace(for: size - count, pending: pending())
    }

    /// Takes room from the account's budget, for a session that has one.
    private func takeRoom(for size: UInt64, pending: () -> UInt64) throws(FileSystemError) {
        guard let room, size < 1 << 56 else { return }
        try room.grow(to: store.cryptor.dataCount(forPlaintext: size), unwritten: pending)
    }

    private func refuseTooLargeForFileSystem(_ size: UInt64) throws(FileSystemError) {
        guard let largest = home.volume.largestFile else { return }
        guard size <= largest, store.cryptor.storedCount(forPlaintext: size) <= largest else {
            throw .failure("the file is too large for the file system, which can hold \(largest) bytes as one file")
        }
    }

    private func refuseTooLargeForOpenPGP(_ size: UInt64) throws(FileSystemError) {
        guard size < 1 << 56 else { throw .failure("no file is that large") }
    }

    private func refuseWriteOnlyHole(_ size: UInt64) throws(FileSystemError) {
        guard home.view == .plaintext || size <= received + UploadContents.writeOnlyHoleLimit else {
            throw .failure("a write-only account cannot make a file that is mostly a hole")
        }
    }

    private func refuseWithoutFreeSpace(for growth: UInt64, pending: UInt64) throws(FileSystemError) {
        let figures = try home.root.statistics()
        let room = figures.availableBlocks.multipliedReportingOverflow(by: figures.fragmentSize)
        guard room.overflow || pending + growth <= room.partialValue else {
            throw .failure("the disk has no room for that size")
        }
    }
}
