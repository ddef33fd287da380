internal import CGPGME
internal import OpenPGP
internal import Secrets

extension KeyPackets {
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

    /// Lets gpg export the key with a fingerprint.
    ///
    /// That secret parts cannot be opened is no error: they are not in it.
    static func exported(_ fingerprint: String, _ part: Part, stallTimeout: Duration) throws(OpenPGPError) -> KeyPackets
    {
        let context = try Context(stallTimeout: stallTimeout)
        context.answer([part.passphrase].compactMap(\.self))
        var exportedKey: [UInt8] = []
        let data = try DataObject.writing(sensitive: true) { bytes in
            exportedKey += bytes
            return exportedKey.count <= 1 << 24
        }
        let error = try withExtendedLifetime(data) { () throws(OpenPGPError) in
            try context.run { gpgme_op_export_start($0, fingerprint, part.mode, data.raw) }
        }
        if let error { throw OpenPGPError(.engine, "gpg cannot export the key: \(error.text)") }
        guard let packets = KeyPackets(exportedKey) else { throw OpenPGPError(.engine, "gpg exported no whole key") }
        return packets
    }
}
