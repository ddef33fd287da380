/// The engine that makes and reads messages, as server.conf names it.
package enum EngineKind: String, CaseIterable, Sendable {
    /// A gpg process for each message, through gpgme.
    case gpgme
    /// This module itself, and gpg for the messages that it does not know.
    case native
}
