private import CSodium
private import Glibc
private import Platform

/// A scratch file of blocks, each encrypted and authenticated with XChaCha20-Poly1305 under a key that only this object
/// has.
///
/// The key is made with the object, lives in locked memory and is wiped with it: the file is noise afterwards. Each
/// write takes a random nonce. The block's number and the number of the write are associated data, so that a block that
/// was moved, replaced by an older version of itself, or taken from another file is recognised.
///
/// The C functions are `crypto_aead_xchacha20poly1305_ietf_encrypt` and `…_decrypt`.
package final class SealedFile {
    /// The reason why a block could not be written or read.
    package enum Failure: Error, Equatable {
        case system(errno: Int32)
        /// The block in the file is not the one that was written.
        case damaged
    }

    /// Bytes of plaintext in a block.
    package static let blockSize = 32 << 10
    private static let nonceSize = Int(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
    /// Bytes of a block in the file: nonce, ciphertext, tag.
    package static let slotSize = nonceSize + blockSize + Int(crypto_aead_xchacha20poly1305_ietf_ABYTES)

    /// The place of a block in the file, and the number of the write that put it there.
    private struct Entry {
        let slot: UInt32
        var write: UInt64 = 0

        var offset: UInt64 { UInt64(slot) * UInt64(SealedFile.slotSize) }
    }

    private let descriptor: Int32
    private let key: SecretBytes
    private var entries: [UInt64: Entry] = [:]
    private var freeSlots: [UInt32] = []
    private var slots: UInt32 = 0
    /// The number of writes so far, of any block.
    private var writes: UInt64 = 0
    /// The sealed block that is being written or read.
    private var sealed = [UInt8](repeating: 0, count: SealedFile.slotSize)

    /// Makes the key.
    ///
    /// - Parameter descriptor: an empty file, open for reading and writing; it stays its owner's to close.
    /// - Returns: nil when there is no locked memory left.
    package init?(_ descriptor: Int32) {
        guard let key = SecretBytes.random(Int(crypto_aead_xchacha20poly1305_ietf_KEYBYTES)) else { return nil }
        self.key = key
        self.descriptor = descriptor
    }

    /// The number of blocks in the file.
    package var blockCount: Int { entries.count }

    /// Whether the file holds the block with this number.
    package func contains(_ block: UInt64) -> Bool { entries[block] != nil }

    /// Writes a block, in place of an older one with the same number.
    ///
    /// - Parameter plain: exactly ``blockSize`` bytes.
    /// - Throws: `.system` with `EINVAL` for another size, or with what the file system says.
    package func store(_ plain: [UInt8], at block: UInt64) throws(Failure) {
        guard plain.count == SealedFile.blockSize else { throw .system(errno: EINVAL) }
        var entry = entries[block] ?? Entry(slot: takeSlot())
        writes &+= 1
        entry.write = writes
        randombytes_buf(&sealed, SealedFile.nonceSize)
        let bound = SealedFile.bound(block, entry)
        let result = sealed.withUnsafeMutableBufferPointer { output in
            withKey(output.baseAddress) { key, nonce in
                crypto_aead_xchacha20poly1305_ietf_encrypt(
                    nonce + SealedFile.nonceSize, nil, plain, UInt64(plain.count), bound, UInt64(bound.count), nil,
                    nonce, key)
            }
        }
        guard result == 0 else { throw .damaged }
        // The entry comes before the write: what a failed write leaves in the file must not pass for the older version.
        entries[block] = entry
        do throws(SystemError) {
            try sealed.withUnsafeBufferPointer { bytes throws(SystemError) in
                try FileIO.writeAll(UnsafeRawBufferPointer(bytes), to: descriptor, at: entry.offset)
            }
        } catch {
            throw .system(errno: error.number)
        }
    }

    /// Reads a block.
    ///
    /// - Returns: nil for one that was never written, or was forgotten.
    /// - Throws: `.damaged` when the file does not hold what was written last.
    package func load(_ block: UInt64) throws(Failure) -> [UInt8]? {
        guard let entry = entries[block] else { return nil }
        try fill(from: entry.offset)
        let bound = SealedFile.bound(block, entry)
        var plain = [UInt8](repeating: 0, count: SealedFile.blockSize)
        let result = sealed.withUnsafeMutableBufferPointer { input in
            withKey(input.baseAddress) { key, nonce in
                crypto_aead_xchacha20poly1305_ietf_decrypt(
                    &plain, nil, nil, nonce + SealedFile.nonceSize, UInt64(input.count - SealedFile.nonceSize), bound,
                    UInt64(bound.count), nonce, key)
            }
        }
        guard result == 0 else { throw .damaged }
        return plain
    }

    /// Forgets a block, so that its place in the file is used again.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    package func forget(_ block: UInt64) -> Bool {
        guard let entry = entries.removeValue(forKey: block) else { return false }
        freeSlots.append(entry.slot)
        return true
    }

    /// Forgets all blocks from number `first` on.
    ///
    /// - Returns: how many there were.
    package func forget(from first: UInt64) -> Int {
        entries.keys.filter { $0 >= first }.count { forget($0) }
    }

    private func takeSlot() -> UInt32 {
        if let slot = freeSlots.popLast() { return slot }
        defer { slots &+= 1 }
        return slots
    }

    /// Reads a whole sealed block into the buffer.
    private func fill(from offset: UInt64) throws(Failure) {
        let got: Int
        do throws(SystemError) {
            got = try sealed.withUnsafeMutableBufferPointer { bytes throws(SystemError) in
                try FileIO.read(descriptor, at: offset, into: UnsafeMutableRawBufferPointer(bytes))
            }
        } catch {
            throw .system(errno: error.number)
        }
        guard got == SealedFile.slotSize else { throw .damaged }
    }

    /// Lends the key and the start of the sealed block, where its nonce is.
    ///
    /// - Returns: the result of `body`, or -1, which is how libsodium's functions fail.
    private func withKey(
        _ block: UnsafeMutablePointer<UInt8>?,
        _ body: (_ key: UnsafePointer<UInt8>, _ nonce: UnsafeMutablePointer<UInt8>) -> Int32
    ) -> Int32 {
        key.withUnsafeBytes { bytes in
            guard let key = bytes.bindMemory(to: UInt8.self).baseAddress, let block else { return -1 }
            return body(key, block)
        }
    }

    /// The associated data: the block's number and the write's.
    private static func bound(_ block: UInt64, _ entry: Entry) -> [UInt8] {
        var bytes = withUnsafeBytes(of: block.bigEndian) { Array($0) }
        withUnsafeBytes(of: entry.write.bigEndian) { bytes.append(contentsOf: $0) }
        return bytes
    }
}
