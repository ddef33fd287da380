/// Who may log in.
///
/// Asked by ``Connection`` on its thread, in the middle of a packet: it may take its time, and must not use the
/// connection.
package protocol Authenticator: AnyObject {
    /// Whether `password` lets `user` in. It is lent for the time of the call.
    func accepts(user: [UInt8], password: UnsafeRawBufferPointer) -> Bool

    /// Whether `user` may log in with `key`. Asked before the client has proved that it owns the key, and again after.
    func accepts(user: [UInt8], key: PublicKey) -> Bool

    /// `user` has proved to own `key`, which was accepted: the login is done.
    ///
    /// - Returns: false if it cannot be, after all.
    func loggedIn(user: [UInt8], key: PublicKey) -> Bool
}
