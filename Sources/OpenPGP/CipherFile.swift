private import Glibc

/// A stored file being written, in large steps.
struct CipherFile {
    private let descriptor: Int32
    /// Octets that the file has not got yet.
    var pending: [UInt8] = []

    /// - Parameter descriptor: an empty file, which stays its owner's to close.
    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Writes what is pending, once it is worth while.
    mutating func flushIfLarge() throws(OpenPGPError) {
        if pending.count >= 1 << 16 { try flush() }
    }

    mutating func flush() throws(OpenPGPError) {
        var rest = pending[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else {
                throw OpenPGPError(.inputOutput, "cannot write the stored file", errno: written < 0 ? errno : ENOSPC)
            }
            rest = rest.dropFirst(written)
        }
        pending.removeAll(keepingCapacity: true)
    }
}
