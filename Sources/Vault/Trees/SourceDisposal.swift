/// What happens to a source file after it has been stored.
package enum SourceDisposal: Sendable {
    case keep
    /// The source is erased, after the stored file has been decrypted and compared with it.
    case remove
}
