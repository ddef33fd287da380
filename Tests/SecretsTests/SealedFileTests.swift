import Foundation
import Secrets
import Testing

@Suite struct SealedFileTests {
    private let file: FileHandle
    private let url: URL
    private let sealed: SealedFile

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "testing-cryptsftp-\(UUID().uuidString)")
        try Data().write(to: url)
        file = try FileHandle(forUpdating: url)
        try FileManager.default.removeItem(at: url)
        sealed = try #require(SealedFile(file.fileDescriptor))
    }

    private func block(_ value: UInt8) -> [UInt8] { [UInt8](repeating: value, count: SealedFile.blockSize) }

    private func slot(_ index: Int) throws -> Data {
        try file.seek(toOffset: UInt64(index * SealedFile.slotSize))
        return try #require(try file.read(upToCount: SealedFile.slotSize))
    }

    private func overwrite(_ index: Int, with bytes: Data) throws {
        try file.seek(toOffset: UInt64(index * SealedFile.slotSize))
        try file.write(contentsOf: bytes)
    }

    @Test func keepsTheLatestOfEachBlock() throws {
        for number in [7, 0, 1 << 40, 3] as [UInt64] { try sealed.store(block(UInt8(number & 0xff)), at: number) }
        try sealed.store(block(99), at: 0)
        #expect(try sealed.load(7) == block(7))
        #expect(try sealed.load(0) == block(99))
        #expect(try sealed.load(1 << 40) == block(0))
        #expect(try sealed.load(1) == nil)
        #expect(sealed.blockCount == 4)
    }

    @Test func forgottenPlacesAreUsedAgain() throws {
        for number in 0..<10 as Range<UInt64> { try sealed.store(block(1), at: number) }
        #expect(sealed.forget(from: 4) == 6)
        #expect(sealed.forget(2))
        #expect(!sealed.forget(2))
        #expect(try sealed.load(5) == nil)
        for number in 100..<107 as Range<UInt64> { try sealed.store(block(2), at: number) }
        #expect(try file.seekToEnd() == UInt64(10 * SealedFile.slotSize))
        #expect(try sealed.load(3) == block(1))
        #expect(try sealed.load(106) == block(2))
    }

    @Test func theFileTellsNothing() throws {
        try sealed.store(block(65), at: 0)
        try sealed.store(block(65), at: 1)
        let first = try slot(0)
        let second = try slot(1)
        #expect(first != second)
        #expect(!first.contains(Data(repeating: 65, count: 4)))
    }

    @Test func whatSomebodyChangesIsRecognised() throws {
        try sealed.store(block(1), at: 0)
        try sealed.store(block(2), at: 1)
        let old = try slot(0)
        for position in [0, 23, 24, 5000, SealedFile.slotSize - 1] {
            var changed = old
            changed[position] ^= 1
            try overwrite(0, with: changed)
            #expect(throws: SealedFile.Failure.damaged) { try sealed.load(0) }
        }
        try overwrite(0, with: slot(1))
        #expect(throws: SealedFile.Failure.damaged, "another block's place") { try sealed.load(0) }
        try overwrite(0, with: old)
        #expect(try sealed.load(0) == block(1))
        try sealed.store(block(3), at: 0)
        try overwrite(0, with: old)
        #expect(throws: SealedFile.Failure.damaged, "an older version of the same block") { try sealed.load(0) }
        try sealed.store(block(4), at: 5)
        let forgotten = try slot(2)
        sealed.forget(5)
        try sealed.store(block(5), at: 5)
        try overwrite(2, with: forgotten)
        #expect(throws: SealedFile.Failure.damaged, "one that was forgotten since") { try sealed.load(5) }
        try file.truncate(atOffset: UInt64(SealedFile.slotSize))
        #expect(throws: SealedFile.Failure.damaged, "cut off") { try sealed.load(1) }
    }

    /// A longer block must not run over the buffer that it is encrypted into, and none of these may take a place.
    @Test(arguments: [0, 1, SealedFile.blockSize - 1, SealedFile.blockSize + 1, 16 << 20])
    func blocksOfAnotherSizeAreRefused(count: Int) throws {
        try sealed.store(block(1), at: 0)
        #expect(throws: SealedFile.Failure.system(errno: EINVAL)) {
            try sealed.store([UInt8](repeating: 2, count: count), at: 1)
        }
        #expect(try sealed.load(0) == block(1))
        #expect(sealed.blockCount == 1)
        try sealed.store(block(3), at: 2)
        #expect(try file.seekToEnd() == UInt64(2 * SealedFile.slotSize))
    }

    @Test func aFullDiskIsAnError() throws {
        let full = try FileHandle(forUpdating: URL(filePath: "/dev/full"))
        let sealed = try #require(SealedFile(full.fileDescriptor))
        #expect(throws: SealedFile.Failure.system(errno: ENOSPC)) { try sealed.store(block(1), at: 0) }
    }

    @Test func anotherObjectCannotReadIt() throws {
        try sealed.store(block(1), at: 0)
        let sealedBytes = try slot(0)
        let other = try #require(SealedFile(file.fileDescriptor))
        try other.store(block(2), at: 0)
        try overwrite(0, with: sealedBytes)
        #expect(throws: SealedFile.Failure.damaged) { try other.load(0) }
    }
}
