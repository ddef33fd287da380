import SFTP
import Testing

@Suite struct PacketReaderTests {
    @Test func readsEveryType() throws {
        var reader = PacketReader([1, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0x61, 0x62])
        #expect(try reader.byte() == 1)
        #expect(try reader.uint32() == 258)
        #expect(try reader.uint64() == 256)
        #expect(try reader.string().elementsEqual("ab".utf8))
        #expect(reader.remaining == 0)
    }

    @Test(arguments: 0..<4) func rejectsAShortUInt32(count: Int) {
        var reader = PacketReader(ArraySlice([UInt8](repeating: 0, count: count)))
        #expect(throws: FileSystemError.self) { try reader.uint32() }
    }

    @Test(arguments: 0..<8) func rejectsAShortUInt64(count: Int) {
        var reader = PacketReader(ArraySlice([UInt8](repeating: 0, count: count)))
        #expect(throws: FileSystemError.self) { try reader.uint64() }
    }

    @Test func rejectsAStringLongerThanThePacket() {
        var reader = PacketReader([0, 0, 0, 3, 1, 2])
        #expect(throws: FileSystemError.self) { try reader.string() }
        var huge = PacketReader([0xff, 0xff, 0xff, 0xff, 1, 2])
        #expect(throws: FileSystemError.self) { try huge.string() }
    }

    @Test func readsASliceWhoseIndicesDoNotStartAtZero() throws {
        let bytes: [UInt8] = [9, 9, 0, 0, 0, 1, 7]
        var reader = PacketReader(bytes[2...])
        #expect(Array(try reader.string()) == [7])
    }
}
