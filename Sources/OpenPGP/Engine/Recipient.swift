/// The public key that messages are encrypted to, as far as the packets need it.
package struct Recipient: Sendable, Equatable {
    /// The key ID of the encryption subkey: eight bytes, by which a message names it.
    package let keyID: [UInt8]
    /// Why nothing can be encrypted to the key, or nil.
    package let unusableReason: String?

    package init(keyID: [UInt8], unusableReason: String?) {
        self.keyID = keyID
        self.unusableReason = unusableReason
    }
}
