private import CSodium
private import Glibc

/// Scratch space in a file that tells nothing to whoever reads it: blocks, each sealed with XChaCha20-Poly1305.
///
/// The key is made with the object, lives in locked memory and goes with it: afterwards the file is noise. Every write
/// takes a new random nonce; the block's number and that of the write are bound in, so that a block put in another's
/// place, an older one put back or one of another file is recognised.
///
/// The C functions are `crypto_aead_xchacha20poly1305_ietf_encrypt` and `…_decrypt`.
package final class SealedFile {
    /// Why a block could not be written or read.
    package enum Failure: Error, Equatable {
        case system(errno: Int32)
        /// The block in the file is not the one that was written.
        case damaged
    }

    /// Bytes of plaintext in a block.
    package static let blockSize = 32 << 10
    private static let nonceSize = Int(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
    /// Bytes a block takes in the file.
    package static let slotSize = nonceSize + blockSize + Int(crypto_aead_xchacha20poly1305_ietf_ABYTES)

    /// Where a block is, and the number of the write that put it there.
    private struct Entry {
        let slot: UInt32
        var write: UInt64 = 0
    }

    private let descriptor: Int32
    private let key: SecretBytes
    private var entries: [UInt64: Entry] = [:]
    private var freeSlots: [UInt32] = []
    private var slots: UInt32 = 0
    /// Writes of any block until now.
    private var writes: UInt64 = 0
    private var sealed = [UInt8](repeating: 0, count: SealedFile.slotSize)

    /// - Parameter descriptor: an empty file, open for reading and writing; it stays its owner's to close.
    /// - Returns: nil when no locked memory is to be had.
    package init?(_ descriptor: Int32) {
        guard let key = SecretBytes.random(Int(crypto_aead_xchacha20poly1305_ietf_KEYBYTES)) else { return nil }
        self.key = key
        self.descriptor = descriptor
    }

    /// Blocks that the file holds.
    package var blockCount: Int { entries.count }

    package func contains(_ block: UInt64) -> Bool { entries[block] != nil }

    /// Writes a block, in place of an older one of that number.
    ///
    /// - Parameter plain: ``blockSize`` bytes.
    package func store(_ plain: [UInt8], at block: UInt64) throws(Failure) {
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
        guard result == 0, plain.count == SealedFile.blockSize else { throw .damaged }
        // Counted before it is written: what a failed write leaves in the file does not pass for the older version.
        entries[block] = entry
        try transfer(at: entry.slot) { pwrite(descriptor, $0, $1, $2) }
    }

    /// Reads a block.
    ///
    /// - Returns: nil for one that was never written, or was forgotten.
    package func load(_ block: UInt64) throws(Failure) -> [UInt8]? {
        guard let entry = entries[block] else { return nil }
        try transfer(at: entry.slot) { pread(descriptor, $0, $1, $2) }
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

    /// Forgets a block; its place is used again.
    ///
    /// - Returns: whether it was there.
    @discardableResult
    package func forget(_ block: UInt64) -> Bool {
        guard let entry = entries.removeValue(forKey: block) else { return false }
        freeSlots.append(entry.slot)
        return true
    }

    /// Forgets all blocks from that number on.
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

    /// Moves the whole sealed block between the buffer and its place in the file.
    private func transfer(
        at slot: UInt32, _ call: (UnsafeMutableRawPointer?, Int, off_t) -> Int
    ) throws(Failure) {
        let start = off_t(slot) * off_t(SealedFile.slotSize)
        var done = 0
        while done < SealedFile.slotSize {
            let count = sealed.withUnsafeMutableBytes {
                call($0.baseAddress.map { $0 + done }, SealedFile.slotSize - done, start + off_t(done))
            }
            if count < 0 && errno == EINTR { continue }
            if count < 0 { throw .system(errno: errno) }
            guard count > 0 else { throw .damaged }
            done += count
        }
    }

    /// Lends the key and the start of the sealed block, where its nonce is.
    ///
    /// - Returns: what `body` does, or -1, as libsodium's functions do when they fail.
    private func withKey(
        _ block: UnsafeMutablePointer<UInt8>?,
        _ body: (_ key: UnsafePointer<UInt8>, _ nonce: UnsafeMutablePointer<UInt8>) -> Int32
    ) -> Int32 {
        key.withUnsafeBytes { bytes in
            guard let key = bytes.bindMemory(to: UInt8.self).baseAddress, let block else { return -1 }
            return body(key, block)
        }
    }

    /// The associated data.
    private static func bound(_ block: UInt64, _ entry: Entry) -> [UInt8] {
        var bytes = withUnsafeBytes(of: block.bigEndian) { Array($0) }
        withUnsafeBytes(of: entry.write.bigEndian) { bytes.append(contentsOf: $0) }
        return bytes
    }
}
