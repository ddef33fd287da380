/// Decides who may log in.
///
/// A ``Connection`` calls it on its thread while libssh handles a packet: it may take its time, and must not use the
/// connection.
package protocol Authenticator: AnyObject {
    /// Decides whether `password` logs `user` in.
    ///
    /// - Parameter password: valid during the call only.
    func accepts(user: [UInt8], password: UnsafeRawBufferPointer) -> Bool

    /// Decides whether `user` may log in with `key`.
    ///
    /// Called for each key that a client offers, and again when the client has proved that it owns the key.
    func accepts(user: [UInt8], key: PublicKey) -> Bool

    /// Logs `user` in, who has proved to own a `key` that was accepted.
    ///
    /// - Returns: false when that fails after all.
    func loggedIn(user: [UInt8], key: PublicKey) -> Bool
}
