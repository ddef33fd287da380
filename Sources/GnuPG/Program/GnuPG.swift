internal import CGPGME
private import Glibc
package import OpenPGP
private import Platform

/// The GnuPG of this process: found, checked and pointed at one home.
package struct GnuPG: Sendable {
    /// The oldest version known to work as this module needs it.
    package static let oldest = Version(2, 2, 40)
    /// Seconds that gpg may do nothing before it counts as hung, where nobody has set others.
    package static let stallTimeout = Duration.seconds(60)

    package struct Version: Comparable, Sendable, CustomStringConvertible {
        let parts: [Int]

        package init(_ parts: Int...) { self.parts = parts }

        /// Reads `2.2.40` or `2.4.5-beta`.
        package init?(_ text: some StringProtocol) {
            let parts = text.split(separator: "-")[0].split(separator: ".").map { Int($0) }
            guard parts.count >= 2, !parts.contains(nil) else { return nil }
            self.parts = parts.compactMap { $0 }
        }

        package static func < (left: Version, right: Version) -> Bool {
            left.parts.lexicographicallyPrecedes(right.parts)
        }

        package var description: String { parts.map(String.init).joined(separator: ".") }
    }

    package let version: Version
    /// Where the program is, for messages.
    package let path: String

    /// Points every later operation of this process at `home`, and checks the engine.
    ///
    /// Called once, before any other thread starts. `GPGME_DEBUG` is removed from the environment first: it would write
    /// plaintext to a file. A bundle's own gpg comes first, then the system's.
    ///
    /// - Throws: `.engine` when gpg is missing or older than ``oldest``.
    package static func use(home: String) throws(OpenPGPError) -> GnuPG {
        unsetenv("GPGME_DEBUG")
        guard gpgme_check_version("1.18.0") != nil else { throw OpenPGPError(.engine, "gpgme is older than 1.18.0") }
        if let bundled = PortableBundle.current?.program("gpg"), let found = try? use(bundled, home: home) {
            return found
        }
        return try use(gpgme_get_dirinfo("gpg-name").map { String(cString: $0) } ?? "gpg", home: home)
    }

    /// The program that manages GnuPG's other programs, if there is one.
    static var gpgconf: String? {
        PortableBundle.current?.program("gpgconf") ?? gpgme_get_dirinfo("gpgconf-name").map { String(cString: $0) }
    }

    private static func use(_ path: String, home: String) throws(OpenPGPError) -> GnuPG {
        // A path that does not exist is no error for gpgme: it makes up version 1.0.0 and later reports success.
        guard access(path, X_OK) == 0 else {
            throw OpenPGPError(.engine, "gpg is missing (looked for \(path)): install the package gnupg")
        }
        try check(gpgme_set_engine_info(GPGME_PROTOCOL_OpenPGP, path, home), .engine, "gpg cannot be used")
        var engine: gpgme_engine_info_t?
        try check(gpgme_get_engine_info(&engine), .engine, "gpg cannot be asked for its version")
        while let current = engine, current.pointee.protocol != GPGME_PROTOCOL_OpenPGP { engine = current.pointee.next }
        guard let text = engine?.pointee.version, let version = Version(String(cString: text)) else {
            throw OpenPGPError(.engine, "\(path) does not tell its version")
        }
        guard version >= oldest else {
            throw OpenPGPError(.engine, "\(path) is version \(version); \(oldest) or newer is needed")
        }
        return GnuPG(version: version, path: path)
    }
}
