private import CSodium

/// The one-time initialisation of libsodium.
enum Sodium {
    /// Whether the library may be used.
    ///
    /// The C function is `sodium_init`.
    static let ready = sodium_init() >= 0
}
