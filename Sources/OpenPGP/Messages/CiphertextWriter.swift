private import CLinux
private import Glibc

/// A stored file being written.
package struct CiphertextWriter {
    private let descriptor: Int32
    private var count: off_t = 0
    /// Bytes that the disk was told to begin with.
    private var begun: off_t = 0

    /// Bytes after which the disk is told to begin: the end of a large file then has little to wait for.
    private static let stretch: off_t = 8 << 20

    /// - Parameter descriptor: an empty file, which stays its owner's to close.
    package init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Appends bytes to the file.
    package mutating func write(_ bytes: UnsafeRawBufferPointer) throws(OpenPGPError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            let written = Glibc.write(descriptor, part.baseAddress, part.count)
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else {
                throw OpenPGPError(.inputOutput, "cannot write the stored file", errno: written < 0 ? errno : ENOSPC)
            }
            rest = rest.dropFirst(written)
        }
        count += off_t(bytes.count)
        guard count - begun >= Self.stretch else { return }
        linux_begin_writing(descriptor, Int64(begun), Int64(count - begun))
        begun = count
    }
}
