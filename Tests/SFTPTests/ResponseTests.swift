import SFTP
import TestSupport
import Testing

/// Replies against bytes written by hand from the draft, then read back.
@Suite struct ResponseTests {
    private func bytes(_ response: Response, id: UInt32 = 7) -> [UInt8] {
        var output: [UInt8] = []
        response.append(to: &output, id: id)
        return output
    }

    @Test func statusOK() {
        #expect(bytes(.ok) == [0, 0, 0, 17, 101, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test func statusFailure() {
        #expect(
            bytes(.failed(.failure("no")))
                == [0, 0, 0, 19, 101, 0, 0, 0, 7, 0, 0, 0, 4, 0, 0, 0, 2, 0x6e, 0x6f, 0, 0, 0, 0])
    }

    @Test func everyErrorHasItsCode() {
        let codes: [(FileSystemError, UInt32)] = [
            (.endOfFile, 1), (.noSuchFile(""), 2), (.permissionDenied(""), 3), (.failure(""), 4), (.badMessage(""), 5),
            (.unsupported(""), 8),
        ]
        for (error, code) in codes { #expect(error.code == code) }
    }

    @Test func handle() {
        #expect(
            bytes(.handle(Handle(0x0102_0304_0506_0708)))
                == [0, 0, 0, 17, 102, 0, 0, 0, 7, 0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8])
    }

    @Test func attributes() {
        let attributes = FileAttributes(
            size: 258, owner: .init(user: 1, group: 2), permissions: 0o100644, times: .init(access: 3, modification: 4))
        #expect(
            bytes(.attributes(attributes)) == [
                0, 0, 0, 37, 105, 0, 0, 0, 7, 0, 0, 0, 15, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0x81,
                0xa4,
                0, 0, 0, 3, 0, 0, 0, 4,
            ])
        #expect(Reply.all(in: bytes(.attributes(attributes))) == [.attributes(attributes)])
    }

    @Test func names() {
        let entries = [
            DirectoryEntry(name: [0xff], longName: [0x6c], attributes: FileAttributes(size: 1)),
            DirectoryEntry(name: [], longName: [], attributes: FileAttributes()),
        ]
        #expect(Reply.all(in: bytes(.names(entries))) == [.names(entries)])
    }

    @Test func limits() throws {
        guard case .extended(let fields)? = Reply.all(in: bytes(.limits)).first else {
            Issue.record("no extended reply")
            return
        }
        var reader = PacketReader(fields[...])
        #expect(try reader.uint64() == 262_144)
        #expect(try reader.uint64() == 261_120)
        #expect(try reader.uint64() == 261_120)
        #expect(try reader.uint64() == 256)
        #expect(reader.remaining == 0)
    }

    @Test func attributesSkipExtendedPairs() throws {
        var bytes: [UInt8] = []
        bytes.append(uint32: 0x8000_0001)
        bytes.append(uint64: 5)
        bytes.append(uint32: 1)
        bytes.append(string: "a@b".utf8)
        bytes.append(string: "c".utf8)
        var reader = PacketReader(bytes[...])
        #expect(try FileAttributes(from: &reader) == FileAttributes(size: 5))
        #expect(reader.remaining == 0)
    }

    @Test func attributesRejectMorePairsThanThePacketHolds() {
        var bytes: [UInt8] = []
        bytes.append(uint32: 0x8000_0000)
        bytes.append(uint32: 0xffff_ffff)
        var reader = PacketReader(bytes[...])
        #expect(throws: FileSystemError.self) { try FileAttributes(from: &reader) }
    }
}
