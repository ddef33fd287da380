internal import CGPGME
private import Foundation
package import OpenPGP
private import Platform
private import Synchronization

/// The gpg program that this process runs: the portable bundle's own, else the system's.
package struct GnuPGProgram: Sendable {
    /// The oldest version that works with this module.
    package static let oldest = GnuPGVersion(2, 2, 40)
    /// How long gpg may do nothing before it counts as hung, unless the caller sets another limit.
    package static let stallTimeout = Duration.seconds(60)

    package let path: String
    package let version: GnuPGVersion

    /// gpgme's default engine info, as this process has set it last.
    private struct EngineInfo {
        let program: GnuPGProgram
        /// Nil before the first context is made.
        let home: String?
    }

    private static let engineInfo = Mutex<EngineInfo?>(nil)

    /// Initializes gpgme once; false for a gpgme that is too old.
    ///
    /// Without `GPGME_DEBUG` in the environment: it would write plaintext to a file.
    private static let isLibraryReady: Bool = {
        unsetenv("GPGME_DEBUG")
        return gpgme_check_version("1.18.0") != nil
    }()

    /// Finds gpg and checks its version; later calls return what the first one found.
    ///
    /// - Throws: `.engine` when gpg is missing or older than ``oldest``.
    package static func find() throws(OpenPGPError) -> GnuPGProgram {
        try engineInfo.withLock { info throws(OpenPGPError) in
            if let info { return info.program }
            return try set(&info, home: nil).program
        }
    }

    /// The directory of the gpg that ``find()`` will find, without running it.
    package static var directory: String {
        let path =
            PortableBundle.current?.program("gpg")
            ?? gpgme_get_dirinfo("gpg-name").map { String(cString: $0) } ?? "/usr/bin/gpg"
        return URL(filePath: path).resolvingSymlinksInPath().deletingLastPathComponent().path
    }

    /// The gpgconf program, which ends GnuPG's agents; nil when there is none.
    static var gpgconf: String? {
        PortableBundle.current?.program("gpgconf") ?? gpgme_get_dirinfo("gpgconf-name").map { String(cString: $0) }
    }

    /// Makes a gpgme context that works in `home` for its whole life; the caller releases it.
    ///
    /// gpgme copies the default engine info into a new context, and each change of an engine info runs `gpg --version`.
    /// So the default is changed only for another home, and no other thread makes a context between the change and the
    /// copy.
    ///
    /// The C functions are `gpgme_set_engine_info` and `gpgme_new`.
    static func makeContext(home: GnuPGHome) throws(OpenPGPError) -> gpgme_ctx_t {
        try engineInfo.withLock { info throws(OpenPGPError) in
            if info?.home != home.path { try set(&info, home: home.path) }
            var context: gpgme_ctx_t?
            try GPGMEError.check(gpgme_new(&context), "gpgme cannot make a context")
            guard let context else { throw OpenPGPError(.engine, "gpgme made no context") }
            return context
        }
    }

    @discardableResult
    private static func set(_ info: inout EngineInfo?, home: String?) throws(OpenPGPError) -> EngineInfo {
        guard isLibraryReady else { throw OpenPGPError(.engine, "gpgme is older than 1.18.0") }
        // After an error below, gpgme's engine info is unknown.
        info = nil
        let new = EngineInfo(program: try choose(home: home), home: home)
        info = new
        return new
    }

    private static func choose(home: String?) throws(OpenPGPError) -> GnuPGProgram {
        if let bundled = PortableBundle.current?.program("gpg"), let program = try? use(bundled, home: home) {
            return program
        }
        return try use(gpgme_get_dirinfo("gpg-name").map { String(cString: $0) } ?? "gpg", home: home)
    }

    private static func use(_ path: String, home: String?) throws(OpenPGPError) -> GnuPGProgram {
        // A path that does not exist is no error for gpgme: it makes up version 1.0.0 and later reports success.
        guard access(path, X_OK) == 0 else {
            throw OpenPGPError(.engine, "gpg is missing (looked for \(path)): install the package gnupg")
        }
        try GPGMEError.check(gpgme_set_engine_info(GPGME_PROTOCOL_OpenPGP, path, home), "gpg cannot be used")
        var engine: gpgme_engine_info_t?
        try GPGMEError.check(gpgme_get_engine_info(&engine), "gpg cannot be asked for its version")
        while let current = engine, current.pointee.protocol != GPGME_PROTOCOL_OpenPGP { engine = current.pointee.next }
        guard let text = engine?.pointee.version, let version = GnuPGVersion(String(cString: text)) else {
            throw OpenPGPError(.engine, "\(path) does not tell its version")
        }
        guard version >= oldest else {
            throw OpenPGPError(.engine, "\(path) is version \(version); \(oldest) or newer is needed")
        }
        return GnuPGProgram(path: path, version: version)
    }
}
