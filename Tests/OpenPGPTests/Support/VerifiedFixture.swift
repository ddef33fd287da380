import Foundation
import OpenPGP
import TestSupport
import Testing

/// A verified message with its file.
struct VerifiedFile: Equatable {
    let message: VerifiedMessage
    let file: FileHandle

    static func == (one: VerifiedFile, other: VerifiedFile) -> Bool { one.message === other.message }

    /// Up to `count` bytes from `offset` on.
    func read(at offset: UInt64, _ count: Int) throws -> Data {
        var buffer = Data(repeating: 0xaa, count: count)
        let got = try buffer.withUnsafeMutableBytes { try message.read(file.fileDescriptor, at: offset, into: $0) }
        // What it says it did not fill must be as it was.
        #expect(buffer[got...].allSatisfy { $0 == 0xaa })
        return buffer.prefix(got)
    }

    /// Compares the whole and what is around its end with the plaintext.
    func expectEnds(of plain: Data) throws {
        let count = UInt64(plain.count)
        #expect(message.count == count)
        #expect(try read(at: 0, plain.count + 100) == plain)
        #expect(try read(at: count, 10).isEmpty)
        #expect(try read(at: count + 1, 10).isEmpty)
        #expect(try read(at: .max, 10).isEmpty)
        #expect(try read(at: 0, 0).isEmpty)
    }

    /// Compares the ends and random parts with the plaintext.
    func expectParts(of plain: Data) throws {
        let plain = Data(plain)
        let count = UInt64(plain.count)
        try expectEnds(of: plain)
        var random = SeededNumbers(seed: count + 1)
        for largest in [1, 20, 600, 10_000, 66_000, 400_000] {
            for _ in 0..<12 {
                let offset = UInt64.random(in: 0...count, using: &random)
                let length = Int.random(in: 0...largest, using: &random)
                let expected = plain.dropFirst(Int(offset)).prefix(length)
                #expect(try read(at: offset, length) == expected, "\(length) at \(offset) of \(count)")
            }
        }
    }
}

extension KeyFixture {
    /// Verifies stored bytes.
    func verified(_ stored: Data) throws -> VerifiedFile? {
        let handle = try FileHandle(forReadingFrom: scratch.file("verified", stored))
        guard let message = try cryptor.verify(handle.fileDescriptor, count: UInt64(stored.count)) else { return nil }
        return VerifiedFile(message: message, file: handle)
    }

    /// Expects that verifying says that the message is damaged.
    func expectDamage(_ stored: Data, _ what: String) {
        #expect("\(what)") {
            _ = try verified(stored)
        } throws: {
            ($0 as? OpenPGPError)?.code == .message
        }
    }
}

extension Data {
    /// A packet with `self` as its body, cut into pieces of these powers of two while they last, and a last piece.
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

    /// The session key packet of a message, and the body of the packet after it.
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

    /// The same message with other outer lengths.
    func reframed(_ exponents: [Int]) throws -> Data {
        let (start, body) = try split()
        return start + body.packet(0xd2, exponents)
    }
}
