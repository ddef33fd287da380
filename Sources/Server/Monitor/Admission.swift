internal import OpenPGP
internal import Vault

/// What a session is told about the user who has logged in.
package struct Admission: Codable, Sendable {
    /// Who makes and reads messages.
    enum EngineChoice: Codable {
        /// The native engine, for a subkey: the public part of its packet.
        case native(subkey: [UInt8])
        /// The monitor's gpg.
        case gnupg(ContentFraming)
    }

    let user: String
    let view: View
    let engine: EngineChoice
    /// See ``OpenPGP/Recipient``.
    let keyID: [UInt8]
    let unusableReason: String?
    let portableNames: Bool
    /// The most names that a path may have; nil without such a limit.
    let mostLevels: Int?
}
