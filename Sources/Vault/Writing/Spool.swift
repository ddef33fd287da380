internal import Foundation
internal import SFTP
internal import Secrets

/// Plaintext that can be read at any offset.
protocol Contents: AnyObject {
    var count: UInt64 { get }

    /// Fills all of `buffer` from `offset` on; the caller stays within ``count``.
    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(FileSystemError)
}

/// A file's bytes while they are changed in place: those of a base that stays as it is, under blocks that are sealed on
/// the disk.
///
/// It costs what was written to it, not what the base is long: some blocks in memory, the others in a ``SealedFile`` in
/// the drafts directory, which is made when they are too many and is noise once this object is gone.
final class Spool: Contents {
    private(set) var count: UInt64
    /// Whether anything of the base has been used.
    private(set) var usesBase = false

    private struct Block {
        var bytes: [UInt8]
        var isSealed: Bool
        var lastUse: UInt64
    }

    /// Blocks in memory: a client that sends out of order has about 2 MiB under way.
    private static let memoryBlocks = 64
    private static let blockSize = UInt64(SealedFile.blockSize)

    private let base: (any Contents)?
    /// Bytes of the base that still count.
    private var baseCount: UInt64
    private let data: Directory
    private let budget: SpoolBudget
    private var blocks: [UInt64: Block] = [:]
    private var uses: UInt64 = 0
    /// Blocks before this one are given up.
    private var forgotten: UInt64 = 0
    private var file: (draft: DraftFile, sealed: SealedFile)?

    /// - Parameters:
    ///   - base: what is there before anything is written, or nil.
    ///   - data: the data directory, for the sealed blocks.
    init(over base: (any Contents)?, in data: Directory, _ budget: SpoolBudget) {
        self.base = base
        self.data = data
        self.budget = budget
        baseCount = base?.count ?? 0
        count = baseCount
    }

    deinit {
        budget.give(UInt64(file?.sealed.blockCount ?? 0))
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
                // As much of the base as can be had at once.
                var end = (block + 1) * Spool.blockSize
                while end < offset + UInt64(buffer.count), !holds(end / Spool.blockSize) { end += Spool.blockSize }
                let length = Int(min(end - position, UInt64(buffer.count - done)))
                try readBase(
                    at: position, into: UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + length]))
                done += length
            }
        }
    }

    /// Has the base verified, if the end is still where the base says.
    func confirmEnd() throws(FileSystemError) {
        guard let base, count == baseCount, count == base.count else { return }
        try base.read(at: count, into: UnsafeMutableRawBufferPointer(start: nil, count: 0))
    }

    /// Writes bytes anywhere; what lies between the end and `offset` becomes zeros.
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

    /// Cuts the file off, or lengthens it with zeros.
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

    /// Gives up what lies before `offset`: it is not read any more.
    func forget(before offset: UInt64) {
        let end = offset / Spool.blockSize
        if !blocks.isEmpty || file != nil {
            for block in forgotten..<max(end, forgotten) {
                blocks[block] = nil
                if file?.sealed.forget(block) == true { budget.give(1) }
            }
        }
        forgotten = max(end, forgotten)
    }

    private func forget(from first: UInt64) {
        for block in blocks.keys where block >= first { blocks[block] = nil }
        if let sealed = file?.sealed { budget.give(UInt64(sealed.forget(from: first))) }
    }

    /// Whether the block has been written to.
    private func holds(_ block: UInt64) -> Bool { blocks[block] != nil || file?.sealed.contains(block) == true }

    /// The bytes of a block that has been written to; nil for one that is still the base's.
    private func written(_ block: UInt64) throws(FileSystemError) -> [UInt8]? {
        uses += 1
        if let found = blocks[block] {
            blocks[block]?.lastUse = uses
            return found.bytes
        }
        guard let sealed = file?.sealed, sealed.contains(block) else { return nil }
        let bytes: [UInt8]?
        do throws(SealedFile.Failure) { bytes = try sealed.load(block) } catch { throw FileSystemError(error) }
        guard let bytes else { return nil }
        try makeRoom()
        blocks[block] = Block(bytes: bytes, isSealed: true, lastUse: uses)
        return bytes
    }

    /// Changes a block in memory.
    ///
    /// - Parameter isWhole: whether all of it is replaced, so that it need not be read first.
    private func change(
        _ block: UInt64, isWhole: Bool, _ body: (inout [UInt8]) -> Void
    ) throws(FileSystemError) {
        if blocks[block] == nil {
            let bytes = isWhole ? [UInt8](repeating: 0, count: SealedFile.blockSize) : try current(block)
            if blocks[block] == nil { try makeRoom() }
            blocks[block] = Block(bytes: bytes, isSealed: false, lastUse: 0)
        }
        uses += 1
        // In place: taking the bytes out and back would copy the block.
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

    /// Seals the block that was not used for longest, if there are too many in memory.
    private func makeRoom() throws(FileSystemError) {
        guard blocks.count >= Spool.memoryBlocks, let oldest = blocks.min(by: { $0.value.lastUse < $1.value.lastUse })
        else { return }
        if !oldest.value.isSealed {
            let sealed = try sealedFile()
            if !sealed.contains(oldest.key) { try budget.take() }
            do throws(SealedFile.Failure) {
                try sealed.store(oldest.value.bytes, at: oldest.key)
            } catch {
                throw FileSystemError(error)
            }
        }
        blocks[oldest.key] = nil
    }

    private func sealedFile() throws(FileSystemError) -> SealedFile {
        if let file { return file.sealed }
        let draft = try DraftFile(in: data, mode: 0o600)
        guard let sealed = SealedFile(draft.descriptor) else { throw .failure("out of memory that can be locked") }
        file = (draft, sealed)
        return sealed
    }
}

/// How much the spools of one session may take on the disk, together.
final class SpoolBudget {
    private var blocks: UInt64

    /// - Parameter bytes: rounded down to whole sealed blocks.
    init(bytes: UInt64) {
        blocks = bytes / UInt64(SealedFile.slotSize)
    }

    /// Takes room for one block.
    func take() throws(FileSystemError) {
        guard blocks > 0 else {
            throw .failure(
                "too much is being changed in place: close some files, or raise spool_megabytes in server.conf")
        }
        blocks -= 1
    }

    func give(_ count: UInt64) { blocks += count }
}

extension FileSystemError {
    init(_ error: SealedFile.Failure) {
        switch error {
        case .system(let number): self = FileSystemError(errno: number)
        case .damaged: self = .failure("the server's scratch space was changed by somebody else")
        }
    }
}
