/// What can be told of a stored message without a key.
package struct MessageOutline: Sendable {
    /// The eight bytes by which each session key packet names the subkey it is for; zeros where that is hidden.
    package let recipients: [[UInt8]]
    /// The plaintext sizes that the framing allows: one, seldom two; none when this program did not frame it.
    package let plaintextCounts: [UInt64]

    /// Reads the outline of a message.
    ///
    /// - Parameters:
    ///   - descriptor: the stored file; it stays its owner's to close.
    ///   - count: its size in bytes.
    ///   - checkingAll: whether all lengths up to the end are walked; without it only those that the sizes need.
    /// - Throws: `.message` for anything but a whole encrypted message, `.inputOutput`.
    package init(_ descriptor: Int32, count: UInt64, checkingAll: Bool) throws(OpenPGPError) {
        let message = try EncryptedMessage(CiphertextFile(descriptor: descriptor, count: count).withHead())
        if checkingAll { _ = try message.pieces() }
        recipients = message.recipients
        plaintextCounts = message.stored.map { $0.inside.plaintextCounts(forBody: $0.body) } ?? []
    }

    /// The plaintext size, if there is no doubt about it.
    package var plaintextCount: UInt64? { plaintextCounts.count == 1 ? plaintextCounts[0] : nil }
}
