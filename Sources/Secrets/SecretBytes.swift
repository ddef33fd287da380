private import CSodium

/// Bytes that must not reach a disk: locked in memory, guarded by inaccessible pages, wiped when released.
///
/// Short ones share pages (``SecretSlots``); the pages of a longer one are its own, and read-only. The corresponding C
/// functions are `sodium_malloc` and `sodium_free`.
///
/// Sendable, although it owns a pointer: the bytes are written only inside `init`, before any reference exists, and in
/// `deinit`, when there is none any more. In between every thread only reads.
package final class SecretBytes: @unchecked Sendable {
    private let base: UnsafeMutableRawPointer
    package let count: Int

    /// Allocates `count` bytes and lets `fill` write them.
    ///
    /// - Parameter count: at most 64 KiB: locked memory is scarce (8 MiB on many systems).
    /// - Returns: nil when the memory cannot be had. That it could not be locked (a limit of zero) is not an error.
    /// - Throws: what `fill` throws; the bytes are wiped then.
    package init?<E>(count: Int, fill: (UnsafeMutableRawBufferPointer) throws(E) -> Void) throws(E) {
        guard Sodium.ready, (0...65536).contains(count),
            let base = count <= SecretSlots.size ? SecretSlots.take() : sodium_malloc(count)
        else { return nil }
        self.base = base
        self.count = count
        // What it throws releases the bytes, too.
        try fill(UnsafeMutableRawBufferPointer(start: base, count: count))
        if count > SecretSlots.size { sodium_mprotect_readonly(base) }
    }

    /// A locked copy of `bytes`; the original stays its owner's to wipe.
    package convenience init?(copying bytes: UnsafeRawBufferPointer) {
        self.init(count: bytes.count) { $0.copyMemory(from: bytes) }
    }

    /// Random bytes, usable as a key.
    ///
    /// The C function is `randombytes_buf`.
    package static func random(_ count: Int) -> SecretBytes? {
        SecretBytes(count: count) { buffer in
            if let base = buffer.baseAddress { randombytes_buf(base, buffer.count) }
        }
    }

    /// Random bytes in hexadecimal digits, usable as a passphrase.
    ///
    /// - Parameter count: how many random bytes; the secret is twice as long.
    package static func randomHex(_ count: Int) -> SecretBytes? {
        let digits = Array("0123456789abcdef".utf8)
        return SecretBytes(count: 2 * count) { buffer in
            for index in buffer.indices { buffer[index] = digits[Int(randombytes_uniform(16))] }
        }
    }

    deinit {
        if count <= SecretSlots.size { SecretSlots.give(base) } else { sodium_free(base) }
    }

    /// Lends the bytes for the time of `body`.
    package func withUnsafeBytes<R, E>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// Compares without telling by the time taken where the first difference is.
    ///
    /// The C function is `sodium_memcmp`.
    package func matches(_ other: SecretBytes) -> Bool {
        count == other.count && sodium_memcmp(base, other.base, count) == 0
    }
}

/// The library's one-time initialisation.
enum Sodium {
    /// Whether `sodium_init` succeeded, now or earlier.
    static let ready = sodium_init() >= 0
}
