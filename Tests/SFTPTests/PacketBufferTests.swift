import SFTP
import Testing

@Suite struct PacketBufferTests {
    private func feed(_ buffer: inout PacketBuffer, _ bytes: [UInt8]) {
        bytes.withUnsafeBytes { buffer.append($0) }
    }

    private func length(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(uint32: UInt32(count))
        return bytes
    }

    @Test func cutsPacketsThatArriveByteByByte() throws {
        var buffer = PacketBuffer()
        var packets: [[UInt8]] = []
        for byte in length(2) + [1, 2] + length(1) + [3] {
            feed(&buffer, [byte])
            while let packet = try buffer.next() { packets.append(Array(packet)) }
        }
        #expect(packets == [[1, 2], [3]])
    }

    @Test func cutsPacketsThatArriveTogether() throws {
        var buffer = PacketBuffer()
        feed(&buffer, length(1) + [1] + length(1) + [2] + length(5))
        #expect(try buffer.next() == [1])
        #expect(try buffer.next() == [2])
        #expect(try buffer.next() == nil)
        #expect(buffer.count == 4)
    }

    @Test func acceptsTheLongestPacket() throws {
        var buffer = PacketBuffer()
        feed(&buffer, length(Limits.packetLength) + [UInt8](repeating: 5, count: Limits.packetLength))
        #expect(try buffer.next()?.count == Limits.packetLength)
    }

    @Test(arguments: [0, Limits.packetLength + 1, 0x1000_0000, 0xffff_ffff])
    func rejectsAnImpossibleLengthAtOnce(count: Int) {
        var buffer = PacketBuffer()
        feed(&buffer, length(count))
        #expect(throws: ProtocolViolation.self) { try buffer.next() }
    }
}
