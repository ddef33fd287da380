/// What a session sees of its home directory, and may change in it.
package enum View: Sendable, Equatable {
    /// The owner's view: plaintext, and everything may be changed.
    case plaintext
    /// The view of a write-only account: it can upload files, reads ciphertext, and can change only what this session
    /// has uploaded.
    ///
    /// - Parameter listsAll: whether the session sees files that it has not uploaded.
    case ciphertext(listsAll: Bool)
}
