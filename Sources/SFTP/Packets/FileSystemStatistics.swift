/// The fields of a `statvfs@openssh.com` reply, in their order.
///
/// Source: OpenSSH's `PROTOCOL`, section 4.4.
package struct FileSystemStatistics: Equatable, Sendable {
    package var blockSize: UInt64 = 0
    package var fragmentSize: UInt64 = 0
    package var blocks: UInt64 = 0
    package var freeBlocks: UInt64 = 0
    package var availableBlocks: UInt64 = 0
    package var files: UInt64 = 0
    package var freeFiles: UInt64 = 0
    package var availableFiles: UInt64 = 0
    package var identifier: UInt64 = 0
    /// Bit 1 means read-only, bit 2 that set-user-ID bits are ignored.
    package var flags: UInt64 = 0
    package var longestName: UInt64 = 0

    package init() {}

    func append(to packet: inout [UInt8]) {
        for field in [
            blockSize, fragmentSize, blocks, freeBlocks, availableBlocks, files, freeFiles, availableFiles, identifier,
            flags, longestName,
        ] {
            packet.append(uint64: field)
        }
    }
}
