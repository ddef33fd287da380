package import Foundation
internal import OpenPGP
private import Platform

/// A GnuPG home (gpg's `--homedir`) in a ``RuntimeDirectory``, which has to outlive it.
///
/// Source: gnupg `doc/gpg-agent.texi` and `doc/gpg.texi` for the options.
package struct GnuPGHome: Sendable {
    /// The S2K count (SHA-1, iterated and salted) of users' keys: half a second on a fast machine.
    ///
    /// gpg's own default takes a tenth of that. Guessing is cheaper with the password hash in server.conf.
    static let userS2KCount = 512 << 20
    /// The lowest S2K count that gpg-agent takes, for keys whose passphrase is 256 random bits.
    static let randomS2KCount = 65536

    package let url: URL
    var path: String { url.path }

    /// Makes the directory and its two configuration files.
    ///
    /// - Parameters:
    ///   - runtime: holds this home and no other.
    ///   - s2kCount: the bytes that a passphrase is stretched over when gpg-agent protects a secret key; nil for its
    ///     default.
    init(in runtime: RuntimeDirectory, s2kCount: Int? = nil) throws(OpenPGPError) {
        url = URL(filePath: runtime.path).appending(path: RuntimeDirectory.homeName)
        do {
            try FileManager.default.createDirectory(
                at: url, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            try write(GnuPGHome.programOptions, to: "gpg.conf")
            try write(GnuPGHome.agentOptions + (s2kCount.map { ["s2k-count \($0)"] } ?? []), to: "gpg-agent.conf")
        } catch {
            throw OpenPGPError(.inputOutput, "cannot make a GnuPG home: \(error.localizedDescription)")
        }
    }

    private func write(_ lines: [String], to name: String) throws {
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: url.appending(path: name))
    }

    private static var programOptions: [String] {
        // A bundle's gpg has the path of the system's agent compiled in.
        let agent = PortableBundle.current?.program("gpg-agent").map { ["agent-program \($0)"] } ?? []
        return agent + [
            "no-greeting", "no-permission-warning", "trust-model always", "no-auto-check-trustdb",
            // A keyring says which of its signatures have been verified; whoever writes it could say so of a subkey
            // of his own.
            "no-sig-cache",
            "no-auto-key-locate", "disable-dirmngr", "cipher-algo AES256", "compress-algo none",
            // With a clock that has lost the time, the key seems to be from the future, and gpg would not encrypt to
            // it.
            "ignore-time-conflict", "ignore-valid-from",
        ]
    }

    private static let agentOptions = [
        "default-cache-ttl 0", "max-cache-ttl 0", "auto-expand-secmem", "disable-scdaemon", "no-grab",
        "pinentry-program /bin/false", "extra-socket none", "browser-socket none",
    ]

    // MARK: Files

    /// Copies the public keys from a user's key directory.
    func copyPublicKeys(from directory: URL) throws(OpenPGPError) {
        try copy(KeyDirectory.publicKeys, from: directory)
    }

    /// Copies one secret key from a user's key directory.
    func copySecretKey(_ keygrip: String, from directory: URL) throws(OpenPGPError) {
        try makeDirectory(url.appending(path: KeyDirectory.secretKeys))
        try copy("\(KeyDirectory.secretKeys)/\(keygrip).key", from: directory)
    }

    private func copy(_ name: String, from directory: URL) throws(OpenPGPError) {
        let contents: [UInt8]
        do throws(RegularFile.Failure) {
            contents = try RegularFile.read(directory.appending(path: name).path)
        } catch {
            throw OpenPGPError(.key, "\(name) of the user's key directory cannot be read: \(error)")
        }
        guard
            FileManager.default.createFile(
                atPath: url.appending(path: name).path, contents: Data(contents),
                attributes: [.posixPermissions: 0o600])
        else { throw OpenPGPError(.inputOutput, "\(name) of the user's key directory cannot be copied") }
    }

    /// The contents of the files that belong in a key directory, by name.
    func keyFiles() throws(OpenPGPError) -> [String: Data] {
        var files: [String: Data] = [:]
        for name in KeyDirectory.files(in: url) {
            do throws(RegularFile.Failure) {
                files[name] = Data(try RegularFile.read(url.appending(path: name).path))
            } catch {
                throw OpenPGPError(.inputOutput, "cannot read \(name): \(error)")
            }
        }
        return files
    }

    private func makeDirectory(_ url: URL) throws(OpenPGPError) {
        guard mkdir(url.path, 0o700) == 0 || errno == EEXIST else {
            throw OpenPGPError(.inputOutput, "cannot make a GnuPG home", errno: errno)
        }
    }

    /// Runs `body` while gpg can find no secret key here but the one named.
    ///
    /// gpg has no way to work with one part of a key: it takes all that it finds.
    func withOtherSecretKeysHidden(
        than keygrip: String, _ body: () throws(OpenPGPError) -> Void
    ) throws(OpenPGPError) {
        let shown = url.appending(path: KeyDirectory.secretKeys)
        let hidden = url.appending(path: "hidden")
        try makeDirectory(hidden)
        GnuPGHome.moveFiles(from: shown, to: hidden, except: "\(keygrip).key")
        defer { GnuPGHome.moveFiles(from: hidden, to: shown) }
        try body()
    }

    private static func moveFiles(from directory: URL, to other: URL, except kept: String? = nil) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? [] where name != kept {
            rename(directory.appending(path: name).path, other.appending(path: name).path)
        }
    }
}
