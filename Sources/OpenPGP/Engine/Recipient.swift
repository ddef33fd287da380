/// The recipient of messages: the key ID that a PKESK names, and whether the key may be used.
package struct Recipient: Sendable, Equatable {
    /// The key ID of the encryption subkey: eight bytes.
    package let keyID: [UInt8]
    /// The reason why nothing can be encrypted to the key, or nil.
    package let unusableReason: String?

    package init(keyID: [UInt8], unusableReason: String?) {
        self.keyID = keyID
        self.unusableReason = unusableReason
    }
}
