package import Foundation

/// A key made by stock gpg once for all tests, with a passphrase that is stretched little: tests open it often.
package enum TestKeys {
    package static let passphrase = "correct horse battery staple"

    /// A directory as `user add` makes it, and the fingerprint of its key.
    package static let shared = Result { try make() }

    private static func make() throws -> (directory: URL, fingerprint: String) {
        let directory = TestVaults.directory.appending(path: "keys")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try Data("s2k-count 65536\n".utf8).write(to: directory.appending(path: "gpg-agent.conf"))
        let made = try gpg(directory, ["--quick-gen-key", "tester", "future-default", "default", "never"])
        let listed = try gpg(directory, ["--list-keys", "--with-colons"])
        let fingerprint = listed.text.split(separator: "\n").first { $0.hasPrefix("fpr:") }?.split(separator: ":").last
        guard made.status == 0, let fingerprint else { throw CocoaError(.fileWriteUnknown) }
        _ = try Command.run("gpgconf", ["--homedir", directory.path, "--kill", "all"])
        return (directory, String(fingerprint))
    }

    private static let visitor = Result {
        let directory = TestVaults.directory.appending(path: "visitor")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let made = try gpg(directory, ["--quick-gen-key", "visitor", "future-default", "default", "never"])
        guard made.status == 0 else { throw CocoaError(.fileWriteUnknown) }
        _ = try Command.run("gpgconf", ["--homedir", directory.path, "--kill", "all"])
        return directory
    }

    /// Encrypts to a key that no user has.
    package static func encryptToAnotherKey(_ plain: Data) throws -> Data {
        let made = try gpg(visitor.get(), ["-z0", "--recipient", "visitor", "--encrypt"], input: plain)
        guard made.status == 0 else { throw CocoaError(.fileWriteUnknown) }
        return made.output
    }

    /// Runs stock gpg with the home `directory` and the passphrase.
    package static func gpg(_ directory: URL, _ arguments: [String], input: Data? = nil) throws -> Command {
        let scratch = try Scratch()
        let secret = try scratch.file("passphrase", Data(passphrase.utf8))
        let common = [
            "--homedir", directory.path, "--batch", "--yes", "--quiet", "--trust-model", "always", "--pinentry-mode",
            "loopback", "--passphrase-file", secret.path,
        ]
        return try Command.run("gpg", common + arguments, input: input)
    }
}
