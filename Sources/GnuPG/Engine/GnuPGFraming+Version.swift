package import OpenPGP

extension GnuPGFraming {
    /// The framing of the messages that a version of gpg writes.
    package init(_ version: GnuPGVersion) {
        self = version < GnuPGVersion(2, 3, 0) ? .small : .large
    }
}
