package import Foundation
private import Platform
private import Secrets

/// The file server.conf: where it is, the text of a new one, and changes that leave all other bytes as they are.
package enum ConfigurationFile {
    /// Finds the file that a command works with.
    ///
    /// - Parameters:
    ///   - option: the path given with `-c`; nil takes `./server.conf` if it exists, else the vault's.
    ///   - vault: the directory with `bin/`; nil takes the current directory.
    /// - Returns: an absolute path; the file need not exist.
    package static func locate(_ option: String?, vault: String?) -> URL {
        let here = URL(filePath: FileManager.default.currentDirectoryPath, directoryHint: .isDirectory)
        if let option { return URL(filePath: option, relativeTo: here).absoluteURL.standardizedFileURL }
        let local = here.appending(path: "server.conf")
        if FileManager.default.fileExists(atPath: local.path) { return local }
        let root = vault.map { URL(filePath: $0, directoryHint: .isDirectory) } ?? here
        return root.appending(path: "Configs/server.conf").standardizedFileURL
    }

    /// The text of a new file.
    package static func template(for file: URL) -> String {
        let data = file.deletingLastPathComponent().lastPathComponent == "Configs" ? "../data" : "data"
        return """
            # cryptsftp: configuration. Edit by hand, or with "cryptsftp user", which leaves all other lines as they are.
            # Paths are relative to this file, so that the directory can be moved.

            listen = "127.0.0.1:2200"
            data = "\(data)"
            # portable_names = true         new names suit FAT, exFAT and Windows, also on other file systems
            # engine = "native"              "gpgme": a process of gpg for each file

            # [limits]
            # login_seconds = 30            from the connection to a finished login
            # login_tries = 6               failed tries on one connection
            # unauthenticated = 10          connections not logged in yet
            # sessions = 64                 at once
            # sessions_per_address = 16
            # idle_seconds = 900            without a request
            # stalled_seconds = 120         while the client takes nothing
            # spool_megabytes = 4096        sealed scratch space for files changed in place, for each session
            # verify_megabytes = 128        larger files are not verified as a whole before they are read
            # reserve_megabytes = 256       free space that logins other than the owners' leave

            # For each user:
            # [[user]]
            # name = "alice"
            # access = "rw"                 "wo": anybody may put files in, and gets cipher text out
            # home = "alice"                below the data directory
            # key = "…"                     fingerprint of the key in keys/alice/
            # password = "$argon2id$…"      hash of the passphrase
            # wo_password = "$argon2id$…"   what a "wo" login must give; without it any password will do
            # max_megabytes = 5000          what the home may hold before such logins can add no more
            # max_files = 100000            files and directories, likewise
            # max_depth = 32                levels of directories that they can make
            # on_exists = "keep"            a login by public key keeps an older file beside the new one; "refuse"
            # authorized_keys = ["ssh-ed25519 AAAA…"]   log in to the "wo" view

            """
    }

    /// The lines for a new user, whose write-only logins have no restrictions yet.
    package static func block(for account: Account) -> String {
        var settings = [
            ("name", account.name), ("access", account.access.rawValue), ("home", account.home), ("key", account.key),
        ]
        if case .hash(let hash) = account.ownerCheck { settings.append(("password", hash.text)) }
        let lines = settings.map { key, value in "\(key) = \(TOMLValue.string(value).text)\n" }
        return "\n[[user]]\n" + lines.joined()
    }

    /// Appends `text` to `file`, which need not exist, all or nothing.
    ///
    /// - Throws: ``Platform/SystemError`` or an error of Foundation; then the file is unchanged.
    package static func append(_ text: String, to file: URL) throws {
        let path = file.resolvingSymlinksInPath()
        var contents = FileManager.default.fileExists(atPath: path.path) ? try Data(contentsOf: path) : Data()
        if let last = contents.last, last != UInt8(ascii: "\n") { contents.append(UInt8(ascii: "\n")) }
        contents.append(Data(text.utf8))
        try DurableFile.replace(path, with: contents)
    }

    /// Changes one user's lines, and leaves every other byte of the file as it is.
    ///
    /// The file is read here, so that what a person has edited since the caller read it is kept. It is written only if
    /// the users are others then.
    ///
    /// - Parameters:
    ///   - file: a server.conf with this user.
    ///   - user: the user's name.
    ///   - text: what to edit in place of the file's present contents.
    ///   - edit: makes the change.
    /// - Returns: the file as it is then.
    /// - Throws: ``ConfigurationError`` for a value that the setting cannot have; then the file is unchanged.
    @discardableResult
    package static func change(
        _ file: URL, user: String, from text: String? = nil, by edit: (inout ConfigurationEditor) throws -> Void
    ) throws -> Configuration {
        let present = try Configuration(file: file)
        var editor = ConfigurationEditor(text ?? present.text, user: user)
        try edit(&editor)
        let changed = try Configuration(editor.text, file: file)
        if changed.accounts != present.accounts {
            try DurableFile.replace(file.resolvingSymlinksInPath(), with: Data(changed.text.utf8))
        }
        return changed
    }
}
