internal import CGPGME
internal import Secrets

/// The packets of a key as gpg exports it.
///
/// Source: RFC 4880, section 11.1 (transferable public keys) and 11.2 (transferable secret keys).
struct KeyPackets {
    enum Tag: UInt8 {
        case secretKey = 5
        case secretSubkey = 7
        case publicSubkey = 14
    }

    /// What gpg is to export of a key.
    enum Part {
        case publicKeys
        /// The passphrase opens the secret parts, which the export is protected with, too.
        case secretSubkeys(SecretBytes)
        case secretKeys(SecretBytes)

        fileprivate var mode: UInt32 {
            switch self {
            case .publicKeys: UInt32(GPGME_EXPORT_MODE_MINIMAL)
            case .secretSubkeys: UInt32(GPGME_EXPORT_MODE_SECRET_SUBKEY)
            case .secretKeys: UInt32(GPGME_EXPORT_MODE_SECRET)
            }
        }

        fileprivate var passphrase: SecretBytes? {
            switch self {
            case .publicKeys: nil
            case .secretSubkeys(let passphrase), .secretKeys(let passphrase): passphrase
            }
        }
    }

    private let packets: [(tag: UInt8, body: [UInt8])]

    /// Cuts an exported key into its packets.
    ///
    /// - Returns: nil when it is not a row of whole packets.
    init?(_ octets: [UInt8]) {
        var packets: [(tag: UInt8, body: [UInt8])] = []
        var rest = octets[...]
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

    func bodies(_ tag: Tag) -> [[UInt8]] { packets.filter { $0.tag == tag.rawValue }.map(\.body) }

    /// How many secret parts are there, and not left out.
    ///
    /// Source: gnupg `doc/DETAILS`, "GNU extensions to the S2K algorithm": in place of a part ends its packet with "GNU" and 1.
    var secretParts: Int {
        (bodies(.secretKey) + bodies(.secretSubkey)).count { !$0.suffix(4).elementsEqual(Array("GNU".utf8) + [1]) }
    }

    /// Lets gpg export the key with a fingerprint.
    ///
    /// That secret parts cannot be opened is no error: they are not in it.
    static func exported(_ fingerprint: String, _ part: Part, patience: Int) throws(OpenPGPError) -> KeyPackets {
        let context = try Context(patience: patience)
        context.answer([part.passphrase].compactMap(\.self))
        var octets: [UInt8] = []
        let data = try DataObject.writing(sensitive: true) { bytes in
            octets += bytes
            return octets.count <= 1 << 24
        }
        let error = try withExtendedLifetime(data) { () throws(OpenPGPError) in
            try context.run { gpgme_op_export_start($0, fingerprint, part.mode, data.raw) }
        }
        if let error { throw OpenPGPError(.engine, "gpg cannot export the key: \(error.text)") }
        guard let packets = KeyPackets(octets) else { throw OpenPGPError(.engine, "gpg exported no whole key") }
        return packets
    }
}
