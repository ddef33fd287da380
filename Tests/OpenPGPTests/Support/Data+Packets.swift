import Foundation
import OpenPGP
import Testing

extension Data {
    /// A packet with `self` as its body, cut into chunks of these powers of two while they last, and a last chunk.
    func packet(_ tag: UInt8, _ exponents: [Int]) -> Data {
        var packet = Data([tag])
        var rest = self[...]
        for exponent in exponents where rest.count >= 1 << exponent {
            packet.append(0xe0 | UInt8(exponent))
            packet += rest.prefix(1 << exponent)
            rest = rest.dropFirst(1 << exponent)
        }
        return packet + PacketLength.fiveBytes(rest.count) + rest
    }

    /// Splits a message into its PKESK packet and the body of the SEIPD packet after it.
    func split() throws -> (start: Data, body: Data) {
        let header = try #require(PacketHeader(self))
        guard case .definite(let count) = header.length else { throw CocoaError(.fileReadCorruptFile) }
        let start = prefix(header.headerLength + Int(count))
        var rest = dropFirst(start.count + 1)
        var body = Data()
        while true {
            let (length, size) = try #require(PacketLength.read(rest))
            rest = rest.dropFirst(size)
            switch length {
            case .definite(let count): return (start, body + rest.prefix(Int(count)))
            case .partial(let count):
                body += rest.prefix(Int(count))
                rest = rest.dropFirst(Int(count))
            case .indeterminate: throw CocoaError(.fileReadCorruptFile)
            }
        }
    }

    /// Returns the same message with other lengths of the SEIPD packet.
    func reframed(_ exponents: [Int]) throws -> Data {
        let (start, body) = try split()
        return start + body.packet(0xd2, exponents)
    }
}
