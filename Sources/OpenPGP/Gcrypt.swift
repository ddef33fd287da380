private import CGcrypt

/// The library's one-time initialisation.
enum Gcrypt {
    /// Whether the library is as new as the headers this was built with.
    ///
    /// The C function is `gcry_check_version`.
    static let ready = gcry_check_version(GCRYPT_VERSION) != nil
}
