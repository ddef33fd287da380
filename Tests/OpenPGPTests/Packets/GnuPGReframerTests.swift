import Foundation
import GnuPG
import OpenPGP
import TestSupport
import Testing

/// What the framer passes on and what it refuses, byte by byte.
@Suite struct GnuPGReframerTests {
    private static let keyID: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
    private static let keyPacket: [UInt8] = [0x84, 12, 3] + keyID + [18, 0, 0]

    private func frame(_ message: [UInt8], pieces: Int = .max) throws -> [UInt8] {
        var framer = GnuPGReframer(keyID: Self.keyID, OuterFraming(.small))
        var output: [UInt8] = []
        for start in stride(from: 0, to: message.count, by: min(pieces, max(1, message.count))) {
            let piece = message[start..<min(message.count, start + min(pieces, message.count))]
            try Array(piece).withUnsafeBytes { try framer.take($0, &output) }
        }
        try framer.finish(&output)
        return output
    }

    @Test(arguments: [1, 2, 3, 100, Int.max]) func reframesWhateverThePieces(pieces: Int) throws {
        let body: [UInt8] = [1] + (0..<1499).map { UInt8(truncatingIfNeeded: $0) }
        // 1024 bytes as a partial length, then 476 with a length of two bytes.
        let message = Self.keyPacket + [0xd2, 0xea] + body[..<1024] + [193, 28] + body[1024...]
        let expected =
            Self.keyPacket + [0xd2, 0xe9] + body[..<512] + PacketLength.fiveBytes(988) + body[512...]
        #expect(try frame(message, pieces: pieces) == expected)
    }

    @Test func keepsAShortBodyInOnePiece() throws {
        let message = Self.keyPacket + [0xd2, 3, 1, 9, 9]
        #expect(try frame(message) == Self.keyPacket + [0xd2, 0xff, 0, 0, 0, 3, 1, 9, 9])
    }

    @Test(
        arguments: [
            ("nothing", []),
            ("no message", [0x12, 1, 1, 1, 1, 1, 1]),
            ("only the key packet", keyPacket),
            ("another key", [0x84, 12, 3, 9, 9, 9, 9, 9, 9, 9, 9, 18, 0, 0, 0xd2, 3, 1, 9, 9]),
            ("a new header, as the native engine's", [0xc1] + keyPacket.dropFirst() + [0xd2, 3, 1, 9, 9]),
            ("another version of the key packet", [0x84, 12, 6] + keyID + [18, 0, 0, 0xd2, 3, 1, 9, 9]),
            ("a draft of AEAD", keyPacket + [0xd4, 3, 1, 9, 9]),
            ("no integrity protection", keyPacket + [0xc9, 3, 1, 9, 9]),
            ("nothing in the body, not even a version", keyPacket + [0xd2, 0]),
            ("another version", keyPacket + [0xd2, 3, 2, 9, 9]),
            ("a body cut off", keyPacket + [0xd2, 4, 1, 9, 9]),
            ("a length cut off", keyPacket + [0xd2, 0xff, 0, 0]),
            ("a partial body without an end", keyPacket + [0xd2, 0xe0, 1]),
            ("something after the end", keyPacket + [0xd2, 3, 1, 9, 9, 0xd2]),
            ("a second key packet", keyPacket + keyPacket + [0xd2, 3, 1, 9, 9]),
        ] as [(String, [UInt8])])
    func refuses(_ what: String, _ message: [UInt8]) {
        #expect(throws: OpenPGPError.self, "\(what)") { try frame(message) }
        #expect(throws: OpenPGPError.self, "\(what), byte by byte") { try frame(message, pieces: 1) }
    }
}
