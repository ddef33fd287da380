private import CLinux
private import Glibc
internal import OpenPGP

/// A file in memory that holds the bytes of one input, the same file for all inputs.
enum MemoryBytes {
    private static let descriptor = linux_memfd_create("fuzz")

    /// Replaces the contents of the file.
    static func hold(_ bytes: [UInt8]) throws(FuzzFailure) -> CiphertextFile {
        let written = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        try require(written == bytes.count && ftruncate(descriptor, bytes.count) == 0, "no file in memory")
        return CiphertextFile(descriptor: descriptor, count: UInt64(bytes.count))
    }

    static var file: Int32 { descriptor }
}
