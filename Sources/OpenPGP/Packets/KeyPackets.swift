/// The packets of a transferable key, as gpg exports it.
///
/// Source: RFC 4880, section 11.1 (transferable public keys) and 11.2 (transferable secret keys).
package struct KeyPackets {
    /// The kinds of packets that are looked for.
    ///
    /// Source: RFC 4880, section 4.3 (packet tags).
    package enum Tag: UInt8 {
        case secretKey = 5
        case secretSubkey = 7
        case publicSubkey = 14
    }

    private let packets: [(tag: UInt8, body: [UInt8])]

    /// Cuts an exported key into its packets.
    ///
    /// - Returns: nil when it is not a sequence of whole packets.
    package init?(_ bytes: [UInt8]) {
        var packets: [(tag: UInt8, body: [UInt8])] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let header = PacketHeader(rest), case .definite(let count) = header.length,
                count <= UInt64(rest.count - header.headerLength)
            else { return nil }
            rest = rest.dropFirst(header.headerLength)
            packets.append((header.tag, Array(rest.prefix(Int(count)))))
            rest = rest.dropFirst(Int(count))
        }
        self.packets = packets
    }

    /// The bodies of all packets with this tag, in their order.
    package func bodies(_ tag: Tag) -> [[UInt8]] { packets.filter { $0.tag == tag.rawValue }.map(\.body) }

    /// The number of secret key and subkey packets that hold their secret part.
    ///
    /// A packet whose secret part gpg has left out ends with "GNU" and 1 instead.
    ///
    /// Source: gnupg `doc/DETAILS`, "GNU extensions to the S2K algorithm".
    package var secretParts: Int {
        (bodies(.secretKey) + bodies(.secretSubkey)).count { !$0.suffix(4).elementsEqual(Array("GNU".utf8) + [1]) }
    }
}
