/// The facts about a stored message that are known without a key: recipients and plaintext size.
package struct MessageOutline: Sendable {
    /// The eight-byte key ID in each PKESK packet; zeros where the sender has hidden it.
    package let recipients: [[UInt8]]
    /// The plaintext sizes that the framing allows: one, seldom two; none when another program framed the message.
    package let plaintextCounts: [UInt64]

    /// Reads the outline of a message.
    ///
    /// - Parameters:
    ///   - descriptor: the stored file; it stays its owner's to close.
    ///   - count: its size in bytes.
    ///   - isPartial: whether the file is stored as a partial. One without the mark, by an older version of this program,
    ///     seems to be a few bytes shorter than it is.
    ///   - checkingAll: whether all lengths up to the end are walked; without it only those that the sizes need.
    /// - Throws: `.message` for anything but a whole encrypted message, `.inputOutput`.
    package init(
        _ descriptor: Int32, count: UInt64, checkingAll: Bool, isPartial: Bool = false
    ) throws(OpenPGPError) {
        let message = try EncryptedMessage(CiphertextFile(descriptor: descriptor, count: count).withHead())
        if checkingAll { _ = try message.bodyMap() }
        recipients = message.recipients
        plaintextCounts = message.ownFraming?.plaintextCounts(isPartial: isPartial) ?? []
    }

    /// The plaintext size, if there is only one that the framing allows.
    package var plaintextCount: UInt64? { plaintextCounts.count == 1 ? plaintextCounts[0] : nil }
}
