private import CLinux
private import Platform

/// A stored file being written from its start.
package struct CiphertextWriter {
    private let descriptor: Int32
    private var count: Int64 = 0
    /// Bytes whose write to the disk has been started.
    private var started: Int64 = 0

    /// Bytes after which their write to the disk is started, so that `fsync` at the end of a large file has little to
    /// wait for.
    private static let batch: Int64 = 8 << 20

    /// Starts with an empty file.
    ///
    /// - Parameter descriptor: the file, which stays its owner's to close.
    package init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Appends bytes to the file.
    package mutating func write(_ bytes: UnsafeRawBufferPointer) throws(OpenPGPError) {
        try OpenPGPError.inputOutput("cannot write the stored file") { () throws(SystemError) in
            try FileIO.writeAll(bytes, to: descriptor)
        }
        count += Int64(bytes.count)
        guard count - started >= Self.batch else { return }
        linux_begin_writing(descriptor, started, count - started)
        started = count
    }
}
