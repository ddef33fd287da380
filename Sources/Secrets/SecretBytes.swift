private import CSodium

/// A secret in locked memory, which is never swapped out: guarded by inaccessible pages, and wiped when released.
///
/// Short secrets share pages (``SecretSlots``); a longer one has its own pages, which are read-only. The C functions
/// are `sodium_malloc` and `sodium_free`.
///
/// Sendable, although it owns a pointer: the bytes are written only inside `init`, before any reference exists, and in
/// `deinit`, when none exists any more. In between every thread only reads.
package final class SecretBytes: @unchecked Sendable {
    private let base: UnsafeMutableRawPointer
    package let count: Int

    /// Allocates `count` bytes and lets `fill` write them.
    ///
    /// - Parameter count: at most 64 KiB: locked memory is scarce (8 MiB on many systems).
    /// - Returns: nil when there is no memory left. Memory that could not be locked (a limit of zero) is not an error.
    /// - Throws: what `fill` throws; the bytes are wiped then.
    package init?<E>(count: Int, fill: (UnsafeMutableRawBufferPointer) throws(E) -> Void) throws(E) {
        guard Sodium.ready, (0...65536).contains(count),
            let base = count <= SecretSlots.size ? SecretSlots.acquire() : sodium_malloc(count)
        else { return nil }
        self.base = base
        self.count = count
        // When this throws, `deinit` runs: all properties are set.
        try fill(UnsafeMutableRawBufferPointer(start: base, count: count))
        if count > SecretSlots.size { sodium_mprotect_readonly(base) }
    }

    /// Makes a locked copy of `bytes`; the original stays its owner's to wipe.
    package convenience init?(copying bytes: UnsafeRawBufferPointer) {
        self.init(count: bytes.count) { $0.copyMemory(from: bytes) }
    }

    /// Makes random bytes, usable as a key.
    ///
    /// The C function is `randombytes_buf`.
    package static func random(_ count: Int) -> SecretBytes? {
        SecretBytes(count: count) { buffer in
            if let base = buffer.baseAddress { randombytes_buf(base, buffer.count) }
        }
    }

    /// Makes random bytes in hexadecimal digits, usable as a passphrase.
    ///
    /// - Parameter count: how many random bytes; the secret is twice as long.
    package static func randomHex(_ count: Int) -> SecretBytes? {
        let digits = Array("0123456789abcdef".utf8)
        return SecretBytes(count: 2 * count) { buffer in
            for index in buffer.indices { buffer[index] = digits[Int(randombytes_uniform(16))] }
        }
    }

    deinit {
        if count <= SecretSlots.size { SecretSlots.release(base) } else { sodium_free(base) }
    }

    /// Lends the bytes for the time of `body`.
    package func withUnsafeBytes<R, E>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// Compares in constant time.
    ///
    /// The C function is `sodium_memcmp`.
    package func matches(_ other: SecretBytes) -> Bool {
        count == other.count && sodium_memcmp(base, other.base, count) == 0
    }
}
