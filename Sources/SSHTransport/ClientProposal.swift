/// The ciphers in a client's KEXINIT.
///
/// Source: RFC 4253, sections 4.2 (identification), 6 (packets) and 7.1 (SSH_MSG_KEXINIT).
package struct ClientProposal: Equatable {
    /// The names of the ciphers from client to server and from server to client, in the client's order of preference.
    package let ciphers: [[Substring]]

    package enum Reading: Equatable {
        case proposal(ClientProposal)
        /// More bytes are needed.
        case incomplete
        /// Not an SSH 2 client, or not a KEXINIT: libssh will report what is wrong.
        case other
    }

    /// The most bytes of a KEXINIT that is waited for.
    static let longest = 32 << 10
    private static let longestIdentification = 255
    private static let keyExchangeInit: UInt8 = 20

    /// Parses the first bytes that a client sends: its identification string and its KEXINIT.
    package static func read(_ bytes: [UInt8]) -> Reading {
        guard let lineEnd = bytes.prefix(longestIdentification).firstIndex(of: UInt8(ascii: "\n")) else {
            return bytes.count < longestIdentification ? .incomplete : .other
        }
        guard bytes.starts(with: "SSH-2.0-".utf8) else { return .other }
        var packet = bytes[(lineEnd + 1)...]
        guard let length = packet.popInteger() else { return .incomplete }
        guard (2...longest).contains(length) else { return .other }
        guard packet.count >= length else { return .incomplete }
        packet = packet.prefix(length)
        guard packet.dropFirst().first == keyExchangeInit else { return .other }
        // The length of the padding, the type, the cookie.
        packet = packet.dropFirst(1 + 1 + 16)
        var lists: [[Substring]] = []
        // Key exchange, host keys, ciphers from the client, ciphers to it.
        for _ in 0..<4 {
            guard let count = packet.popInteger(), count <= packet.count else { return .other }
            lists.append(String(decoding: packet.prefix(count), as: UTF8.self).split(separator: ","))
            packet = packet.dropFirst(count)
        }
        return .proposal(ClientProposal(ciphers: Array(lists[2...])))
    }
}

extension ArraySlice<UInt8> {
    /// Takes four bytes, the most significant first.
    fileprivate mutating func popInteger() -> Int? {
        guard count >= 4 else { return nil }
        defer { removeFirst(4) }
        return prefix(4).reduce(0) { $0 << 8 | Int($1) }
    }
}
