internal import Foundation
internal import SFTP
internal import Secrets

/// The plaintext of a file that is written out of order or changed in place: written blocks over an unchanged base.
///
/// Its size in memory and on the disk depends on what was written, not on the size of the base. The last used blocks
/// are in memory. Others are in a ``SealedFile`` in the drafts directory, encrypted with a key that ends with this
/// object.
final class Spool: Contents {
    private(set) var count: UInt64
    /// Whether any byte of the base has been read.
    private(set) var usesBase = false

    private struct Block {
        var bytes: [UInt8]
        var isSealed: Bool
        var lastUse: UInt64
    }

    /// The most blocks in memory: a client that writes out of order has about 2 MiB of requests in flight.
    private static let memoryBlocks = 64
    private static let blockSize = UInt64(SealedFile.blockSize)

    private let base: (any Contents)?
    /// The bytes of the base that have not been cut off.
    private var baseCount: UInt64
    private let drafts: DraftsDirectory
    private let budget: SpoolBudget
    private var blocks: [UInt64: Block] = [:]
    private var uses: UInt64 = 0
    /// Blocks before this one have been forgotten.
    private var forgotten: UInt64 = 0
    private var file: (draft: DraftFile, sealed: SealedFile)?

    /// - Parameters:
    ///   - base: the contents before the first write; nil for an empty file.
    ///   - drafts: for the sealed blocks.
    init(over base: (any Contents)?, in drafts: DraftsDirectory, _ budget: SpoolBudget) {
        self.base = base
        self.drafts = drafts
        self.budget = budget
        baseCount = base?.count ?? 0
        count = baseCount
    }

    deinit {
        budget.release(UInt64(file?.sealed.blockCount ?? 0))
    }

    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(FileSystemError) {
        var done = 0
        while done < buffer.count {
            let position = offset + UInt64(done)
            let block = position / Spool.blockSize
            let skip = Int(position % Spool.blockSize)
            if let bytes = try written(block) {
                let length = min(buffer.count - done, SealedFile.blockSize - skip)
                bytes.withUnsafeBytes {
                    let part = UnsafeRawBufferPointer(rebasing: $0[skip..<skip + length])
                    UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + length]).copyMemory(from: part)
                }
                done += length
            } else {
                // All blocks up to the next written one are read from the base at once.
                var end = (block + 1) * Spool.blockSize
                while end < offset + UInt64(buffer.count), !holds(end / Spool.blockSize) { end += Spool.blockSize }
                let length = Int(min(end - position, UInt64(buffer.count - done)))
                try readBase(
                    at: position, into: UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + length]))
                done += length
            }
        }
    }

    /// Verifies the base if the size is the base's: a reader that is told of the end relies on it.
    func confirmEnd() throws(FileSystemError) {
        guard let base, count == baseCount, count == base.count else { return }
        try base.verify()
    }

    /// Writes bytes at any offset; a gap between the end and `offset` is filled with zeros.
    func write(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(FileSystemError) {
        var rest = bytes
        var position = offset
        while !rest.isEmpty {
            let block = position / Spool.blockSize
            let skip = Int(position % Spool.blockSize)
            let part = rest.prefix(SealedFile.blockSize - skip)
            try change(block, isWhole: part.count == SealedFile.blockSize) { block in
                block.replaceSubrange(skip..<skip + part.count, with: part)
            }
            rest = rest.dropFirst(part.count)
            position += UInt64(part.count)
        }
        count = max(count, position)
    }

    /// Sets the size: cuts the file off, or extends it with zeros.
    func truncate(to newCount: UInt64) throws(FileSystemError) {
        if newCount < count {
            baseCount = min(baseCount, newCount)
            let last = newCount / Spool.blockSize
            let keep = Int(newCount % Spool.blockSize)
            forget(from: keep == 0 ? last : last + 1)
            if holds(last) {
                try change(last, isWhole: false) { bytes in
                    bytes.replaceSubrange(
                        keep..., with: repeatElement(0, count: SealedFile.blockSize - keep))
                }
            }
        }
        count = newCount
    }

    /// Frees the blocks before `offset`, which are not read again.
    func forget(before offset: UInt64) {
        let end = offset / Spool.blockSize
        if !blocks.isEmpty || file != nil {
            for block in forgotten..<max(end, forgotten) {
                blocks[block] = nil
                if file?.sealed.forget(block) == true { budget.release(1) }
            }
        }
        forgotten = max(end, forgotten)
    }

    private func forget(from first: UInt64) {
        for block in blocks.keys where block >= first { blocks[block] = nil }
        if let sealed = file?.sealed { budget.release(UInt64(sealed.forget(from: first))) }
    }

    /// Whether a block has been written.
    private func holds(_ block: UInt64) -> Bool { blocks[block] != nil || file?.sealed.contains(block) == true }

    /// The bytes of a block that has been written; nil for a block of the base.
    private func written(_ block: UInt64) throws(FileSystemError) -> [UInt8]? {
        uses += 1
        if let found = blocks[block] {
            blocks[block]?.lastUse = uses
            return found.bytes
        }
        guard let sealed = file?.sealed, sealed.contains(block) else { return nil }
        guard let bytes = try FileSystemError.translating(sealed: sealed.load(block)) else { return nil }
        try makeRoom()
        blocks[block] = Block(bytes: bytes, isSealed: true, lastUse: uses)
        return bytes
    }

    /// Changes a block in memory.
    ///
    /// - Parameter isWhole: whether `body` replaces all bytes, so that they need not be read first.
    private func change(
        _ block: UInt64, isWhole: Bool, _ body: (inout [UInt8]) -> Void
    ) throws(FileSystemError) {
        if blocks[block] == nil {
            let bytes = isWhole ? [UInt8](repeating: 0, count: SealedFile.blockSize) : try current(block)
            if blocks[block] == nil { try makeRoom() }
            blocks[block] = Block(bytes: bytes, isSealed: false, lastUse: 0)
        }
        uses += 1
        // In place, because taking the bytes out of the dictionary would copy the block.
        body(&blocks[block, default: Block(bytes: [], isSealed: false, lastUse: 0)].bytes)
        blocks[block]?.isSealed = false
        blocks[block]?.lastUse = uses
    }

    private func current(_ block: UInt64) throws(FileSystemError) -> [UInt8] {
        if let bytes = try written(block) { return bytes }
        var bytes = [UInt8](repeating: 0, count: SealedFile.blockSize)
        try bytes.withUnsafeMutableBufferPointer { buffer throws(FileSystemError) in
            try readBase(at: block * Spool.blockSize, into: UnsafeMutableRawBufferPointer(buffer))
        }
        return bytes
    }

    private func readBase(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(FileSystemError) {
        let available = Int(min(UInt64(buffer.count), baseCount - min(offset, baseCount)))
        if available > 0, let base {
            usesBase = true
            try base.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<available]))
        }
        UnsafeMutableRawBufferPointer(rebasing: buffer[available...]).initializeMemory(as: UInt8.self, repeating: 0)
    }

    /// Moves the least recently used block to the sealed file when there are too many in memory.
    private func makeRoom() throws(FileSystemError) {
        guard blocks.count >= Spool.memoryBlocks, let oldest = blocks.min(by: { $0.value.lastUse < $1.value.lastUse })
        else { return }
        if !oldest.value.isSealed {
            let sealed = try sealedFile()
            if !sealed.contains(oldest.key) { try budget.acquire() }
            try FileSystemError.translating(sealed: sealed.store(oldest.value.bytes, at: oldest.key))
        }
        blocks[oldest.key] = nil
    }

    private func sealedFile() throws(FileSystemError) -> SealedFile {
        if let file { return file.sealed }
        let draft = try DraftFile(in: drafts, mode: 0o600)
        guard let sealed = SealedFile(draft.descriptor) else { throw .failure("out of memory that can be locked") }
        file = (draft, sealed)
        return sealed
    }
}
