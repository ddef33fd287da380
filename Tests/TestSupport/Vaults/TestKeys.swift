package import Foundation

/// A key made by stock gpg once for all tests, with a passphrase that is stretched little: tests open it often.
package enum TestKeys {
    package static let passphrase = "correct horse battery staple"

    /// A folder as `user add` makes it, and the fingerprint of its key.
    package static let shared = Result { try make() }

    private static func make() throws -> (folder: URL, fingerprint: String) {
        let folder = TestVaults.folder.appending(path: "keys")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try Data("s2k-count 65536\n".utf8).write(to: folder.appending(path: "gpg-agent.conf"))
        let made = try gpg(folder, ["--quick-gen-key", "tester", "future-default", "default", "never"])
        let listed = try gpg(folder, ["--list-keys", "--with-colons"])
        let fingerprint = listed.text.split(separator: "\n").first { $0.hasPrefix("fpr:") }?.split(separator: ":").last
        guard made.status == 0, let fingerprint else { throw CocoaError(.fileWriteUnknown) }
        _ = try Command.run("gpgconf", ["--homedir", folder.path, "--kill", "all"])
        return (folder, String(fingerprint))
    }

    private static let stranger = Result {
        let folder = TestVaults.folder.appending(path: "stranger")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let made = try gpg(folder, ["--quick-gen-key", "stranger", "future-default", "default", "never"])
        guard made.status == 0 else { throw CocoaError(.fileWriteUnknown) }
        _ = try Command.run("gpgconf", ["--homedir", folder.path, "--kill", "all"])
        return folder
    }

    /// Encrypts to a key that no user has.
    package static func encryptToStranger(_ plain: Data) throws -> Data {
        let made = try gpg(stranger.get(), ["-z0", "--recipient", "stranger", "--encrypt"], input: plain)
        guard made.status == 0 else { throw CocoaError(.fileWriteUnknown) }
        return made.output
    }

    /// Runs stock gpg with the home `folder` and the passphrase.
    package static func gpg(_ folder: URL, _ arguments: [String], input: Data? = nil) throws -> Command {
        let scratch = try Scratch()
        let secret = try scratch.file("passphrase", Data(passphrase.utf8))
        let common = [
            "--homedir", folder.path, "--batch", "--yes", "--quiet", "--trust-model", "always", "--pinentry-mode",
            "loopback", "--passphrase-file", secret.path,
        ]
        return try Command.run("gpg", common + arguments, input: input)
    }
}
