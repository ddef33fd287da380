internal import OpenPGP
package import Platform
package import Secrets

/// What another session of the same user needs to read files without the user's passphrase.
package struct SharedKeys {
    /// What is no secret.
    package struct Facts: Codable, Sendable {
        let identity: KeyIdentity
        /// See ``OpenPGP/OpenedKey/publicKey``; nil for a key of a kind that is only gpg's to read.
        let publicKey: String?
        let keyID: [UInt8]
        let unusableReason: String?
        /// The framing of the gpg in use.
        let framing: ContentFraming
        /// The public part of the subkey's packet, for the native engine; nil if gpg is the engine.
        let subkey: [UInt8]?
        let fallbackReason: OpenPGPError?
        /// The names of ``SharedKeys/files``, relative to the GnuPG home.
        let names: [String]
    }

    package let facts: Facts
    /// The files of the session's GnuPG home, open for reading: the secret keys are protected by ``passphrase``.
    package let files: [OwnedDescriptor]
    /// The random passphrase of the session's copies.
    package let passphrase: SecretBytes
    /// The secret scalar of the subkey, for the native engine.
    package let scalar: SecretBytes?
    /// See ``OpenPGP/OpenedKey/authenticationKey``; nil without ``Facts/publicKey``.
    package let authenticationKey: SecretBytes?

    /// Takes what another session has sent.
    package init(
        facts: Facts, files: [OwnedDescriptor], passphrase: SecretBytes, scalar: SecretBytes?,
        authenticationKey: SecretBytes?
    ) {
        self.facts = facts
        self.files = files
        self.passphrase = passphrase
        self.scalar = scalar
        self.authenticationKey = authenticationKey
    }
}
