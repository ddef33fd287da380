package import OpenPGP

extension GnuPGFraming {
    package init(_ version: GnuPG.Version) {
        self = version < GnuPG.Version(2, 3, 0) ? .small : .large
    }
}
