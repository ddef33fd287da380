private import CGcrypt

/// A hash function over bytes that come in parts.
///
/// The C functions are `gcry_md_open`, `gcry_md_write` and `gcry_md_read`.
package final class MessageDigest {
    /// The hash functions that SFTP clients or OpenPGP ask for.
    package enum Algorithm: String, CaseIterable, Sendable {
        case md5, sha1, sha256, sha512

        fileprivate var number: gcry_md_algos {
            switch self {
            case .md5: GCRY_MD_MD5
            case .sha1: GCRY_MD_SHA1
            case .sha256: GCRY_MD_SHA256
            case .sha512: GCRY_MD_SHA512
            }
        }
    }

    private let handle: gcry_md_hd_t
    private let count: Int

    /// Starts a hash.
    ///
    /// - Throws: `.engine` when the library does not have the algorithm, as it may be without MD5 in FIPS mode.
    package init(_ algorithm: Algorithm) throws(OpenPGPError) {
        var opened: gcry_md_hd_t?
        let number = Int32(algorithm.number.rawValue)
        guard Gcrypt.ready, gcry_md_open(&opened, number, 0) == 0, let opened else {
            throw OpenPGPError(.engine, "libgcrypt has no \(algorithm.rawValue)")
        }
        handle = opened
        count = Int(gcry_md_get_algo_dlen(number))
    }

    deinit {
        gcry_md_close(handle)
    }

    /// Takes the next bytes.
    package func update(_ bytes: UnsafeRawBufferPointer) {
        gcry_md_write(handle, bytes.baseAddress, bytes.count)
    }

    /// Takes the next bytes.
    func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// Lends the hash of all bytes taken to `body` without a copy, for a hash that is a key.
    func finish<E>(_ body: (UnsafeRawBufferPointer) throws(E) -> Void) throws(E) {
        try body(UnsafeRawBufferPointer(start: gcry_md_read(handle, 0), count: count))
    }

    /// Returns the hash of all bytes taken; nothing may be taken after it.
    package func finish() -> [UInt8] {
        Array(UnsafeBufferPointer(start: gcry_md_read(handle, 0), count: count))
    }
}
