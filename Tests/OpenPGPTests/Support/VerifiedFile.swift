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
