internal import Foundation
private import GnuPG
private import Platform
private import SFTP
internal import ServerConfiguration

/// The check of what else is in the users' key directories.
extension Doctor {
    /// The files that the program itself puts into a key directory.
    private static let ownFiles: Set<String> = [
        KeyDirectory.publicKeys, KeyRotation.recordName, AccountConfirmation.fileName,
    ]

    /// The directories that it makes there, and how the names of their files end, after a fingerprint or a keygrip.
    private static let ownDirectories = [
        KeyDirectory.secretKeys: ".key", KeyDirectory.revocations: ".rev",
    ]

    /// Reports everything below `keys/` that this program has not put there.
    ///
    /// Whoever uses a key directory as a GnuPG home runs what a `gpg-agent.conf` in it names, and whoever copies the
    /// directory follows its links.
    func examineKeyFiles() throws {
        let keys = vault.configuration.directory.appending(path: "keys")
        for user in entries(keys) {
            let home = keys.appending(path: user)
            guard Account.isValid(name: user), kind(home) == S_IFDIR else {
                try foreign(home)
                continue
            }
            for name in entries(home) {
                let place = home.appending(path: name)
                if let suffix = Doctor.ownDirectories[name], kind(place) == S_IFDIR {
                    for inner in entries(place) where !isOwn(inner, endingWith: suffix, in: place) {
                        try foreign(place.appending(path: inner))
                    }
                } else if !Doctor.ownFiles.contains(name) && !isLeftover(name) || kind(place) != S_IFREG {
                    try foreign(place)
                }
            }
        }
    }

    private func isOwn(_ name: String, endingWith suffix: String, in directory: URL) -> Bool {
        guard kind(directory.appending(path: name)) == S_IFREG else { return false }
        guard !isLeftover(name) else { return true }
        let number = name.dropLast(suffix.count)
        return name.hasSuffix(suffix) && number.utf8.count == 40 && number.allSatisfy { $0.isASCII && $0.isHexDigit }
    }

    /// Whether gpg makes files of that name where a directory is its home.
    private static func isByproduct(_ name: String) -> Bool {
        ["trustdb.gpg", "tofu.db", "random_seed", "pubring.kbx~"].contains(name) || name.hasPrefix("S.")
            || name.hasPrefix(".#lk") || name.hasSuffix(".lock")
    }

    private func foreign(_ file: URL) throws {
        if Doctor.isByproduct(file.lastPathComponent), let kind = kind(file), kind == S_IFREG || kind == S_IFSOCK {
            return try note(
                "foreign", file.path, "gpg has put it there: somebody has used the directory as a GnuPG home",
                "copy the keys instead, as README.md says; nobody needs this file")
        }
        let advice =
            PrintableText.isPrintable(file.path)
            ? "if you have not put it there either, remove it: rm -r -- \(ShellText.quoted(file.path))"
            : "if you have not put it there either, remove it"
        try problem(
            "foreign", file.path, "this program has not put it there, and gpg could use it or run what it names", advice
        )
    }

    private func kind(_ file: URL) -> mode_t? { mode(file.path).map { $0 & S_IFMT } }

    /// Whether the name is one that an interrupted change of a file leaves, which ``examineLeftovers()`` reports.
    func isLeftover(_ name: String) -> Bool { name.hasPrefix(".") && name.hasSuffix(".new") }
}
