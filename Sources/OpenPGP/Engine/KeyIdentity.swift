/// Which key an account has, as its public parts tell.
package struct KeyIdentity: Sendable, Equatable, Codable {
    /// The fingerprint of the primary key, in upper-case hexadecimal digits as all of these.
    package let fingerprint: String
    /// The fingerprint of the subkey that files are encrypted to.
    package let encryption: String
    /// The fingerprints of all subkeys, sorted.
    package let subkeys: [String]
    /// The fingerprints of the other primary keys in the directory, sorted.
    package let others: [String]

    package init(fingerprint: String, encryption: String, subkeys: [String], others: [String]) {
        self.fingerprint = fingerprint
        self.encryption = encryption
        self.subkeys = subkeys.sorted()
        self.others = others.sorted()
    }
}
