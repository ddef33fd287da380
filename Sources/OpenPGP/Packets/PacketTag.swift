/// The tags of the packets that messages consist of.
///
/// Source: RFC 4880, section 4.3.
enum PacketTag {
    /// A public-key encrypted session key.
    static let pkesk: UInt8 = 1
    /// A symmetric-key encrypted session key: a passphrase opens the message as well.
    static let skesk: UInt8 = 3
    static let compressedData: UInt8 = 8
    /// Encrypted data without integrity protection.
    static let symmetricallyEncryptedData: UInt8 = 9
    /// A packet to be ignored.
    static let marker: UInt8 = 10
    static let literalData: UInt8 = 11
    /// Symmetrically encrypted integrity protected data.
    static let seipd: UInt8 = 18
    /// A modification detection code.
    static let mdc: UInt8 = 19
    /// An AEAD draft, which some versions of gpg write.
    static let aeadDraft: UInt8 = 20

    /// The first byte of a packet with this tag, in the new format.
    ///
    /// Source: RFC 4880, section 4.2.
    static func newFormat(_ tag: UInt8) -> UInt8 { 0xc0 | tag }
}
