package import Foundation

/// Where the bytes of a stored message are that tell lengths, whichever engine has framed it.
///
/// Source: RFC 4880, section 4.2 (packet headers).
package struct StoredPieces {
    /// The position of the encrypted-data packet's tag, right after the session key packet.
    package let data: Int
    /// The positions of that packet's lengths: one for each piece.
    package let lengths: [Int]

    /// - Throws: when it does not begin with one session key packet for a key on curve25519, or is cut off.
    package init(_ stored: Data) throws {
        let bytes = Array(stored)
        guard bytes.count > 2, [0x84, 0xc1].contains(bytes[0]) else {
            throw Unexpected(description: "no session key packet")
        }
        data = 2 + Int(bytes[1])
        var lengths = [data + 1]
        guard bytes.indices.contains(data), bytes[data] == 0xd2 else {
            throw Unexpected(description: "no data packet")
        }
        while let place = lengths.last, bytes.indices.contains(place), bytes[place] >= 0xe0, bytes[place] < 0xff {
            lengths.append(place + 1 + (1 << Int(bytes[place] & 0x1f)))
        }
        guard let last = lengths.last, last < bytes.count else { throw Unexpected(description: "it is cut off") }
        self.lengths = lengths
    }
}
