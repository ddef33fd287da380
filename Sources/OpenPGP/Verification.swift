/// One pass over a stored file that checks all of it and keeps none of it.
package struct Verification {
    private let pass: MessagePass

    package init(of message: StoredMessage, _ key: SessionKey) throws(OpenPGPError) {
        pass = try MessagePass(over: message, key)
    }

    /// Verifies the message.
    ///
    /// - Returns: nil when it cannot be read at any offset. It was verified even so, unless the outer framing is too
    ///   irregular.
    /// - Throws: `.message` for a damaged one.
    package mutating func run() throws(OpenPGPError) -> VerifiedMessage? {
        repeat {
            guard try pass.step() else { return nil }
        } while !pass.isDone
        return try pass.finish()
    }
}
