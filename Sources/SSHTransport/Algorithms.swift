private import CLinux

/// The algorithms that the server offers in its KEXINIT, in its order of preference; the client's order decides.
///
/// Every list is explicit: libssh's defaults also contain finite-field groups, SHA-1 and compression.
package enum Algorithms {
    static let keyExchange =
        "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521"

    /// All ciphers; chacha20 only for a processor without AES instructions.
    ///
    /// OpenSSH's client prefers chacha20, which takes twice as long as AES-GCM where the processor computes AES.
    private static let ciphers =
        (linux_processor_has_aes() != 0 ? "" : "chacha20-poly1305@openssh.com,")
        + authenticatedCiphers + ",aes256-ctr,aes192-ctr,aes128-ctr"
    private static let authenticatedCiphers = "aes256-gcm@openssh.com,aes128-gcm@openssh.com"

    /// Chooses the ciphers to offer to a client: AES-GCM alone, if the client has it and the processor computes AES.
    ///
    /// OpenSSH's client before 10.0 prefers AES-CTR, which needs an HMAC for each packet and takes 1.5 times as long.
    ///
    /// - Parameter proposal: the client's KEXINIT; nil when it is not known.
    package static func ciphers(for proposal: ClientProposal?) -> String {
        let names = authenticatedCiphers.split(separator: ",")
        guard let proposal, linux_processor_has_aes() != 0,
            proposal.ciphers.allSatisfy({ offered in names.contains { offered.contains($0) } })
        else { return ciphers }
        return authenticatedCiphers
    }

    static let authenticationCodes =
        "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512"

    static let hostKeys = "ssh-ed25519,rsa-sha2-512,rsa-sha2-256"

    /// The signature algorithms for logging in with a public key.
    ///
    /// Without this list libssh would accept every signature, SHA-1 included. Certificates are not in it: libssh checks
    /// neither their authority nor their validity.
    static let publicKeys =
        "ssh-ed25519,sk-ssh-ed25519@openssh.com,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,"
        + "sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,rsa-sha2-256"

    /// Bits of the smallest RSA key that a client may log in with.
    static let smallestRSA: Int32 = 2048
}
