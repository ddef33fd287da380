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
    /// - Throws: ``ConfigurationError`` when there is a `./server.conf` that somebody else may have put there.
    package static func locate(_ option: String?, vault: String?) throws(ConfigurationError) -> URL {
        if let option { return URL(filePath: option, relativeTo: here).absoluteURL.standardizedFileURL }
        let local = here.appending(path: "server.conf")
        guard FileManager.default.fileExists(atPath: local.path) else { return inVault(vault) }
        if let reason = reasonAgainst(local) {
            throw ConfigurationError(
                local, "\(local.path) is not used: \(reason). If it is yours, name it with -c \(local.path)")
        }
        return local
    }

    /// The file of a vault, whether it exists or not.
    ///
    /// - Parameter vault: the directory with `bin/`; nil takes the current directory.
    package static func inVault(_ vault: String?) -> URL {
        let root = vault.map { URL(filePath: $0, directoryHint: .isDirectory) } ?? here
        return root.appending(path: "Configs/server.conf").standardizedFileURL
    }

    private static var here: URL {
        URL(filePath: FileManager.default.currentDirectoryPath, directoryHint: .isDirectory)
    }

    /// Why a file that was found only because it lies in the current directory may be somebody else's.
    ///
    /// The file, its directory, and where a link leads to must belong to this user or to root, and nobody else may
    /// write there. A sticky directory such as `/tmp` is no exception: anybody can make a file in it.
    private static func reasonAgainst(_ file: URL) -> String? {
        var places = [file.deletingLastPathComponent().path, file.path]
        let real = file.resolvingSymlinksInPath()
        if real.path != file.path { places += [real.deletingLastPathComponent().path, real.path] }
        for place in places {
            var status = stat()
            guard lstat(place, &status) == 0 else { return "\(place) cannot be examined" }
            guard status.st_uid == geteuid() || status.st_uid == 0 else { return "\(place) belongs to another user" }
            // The mode of a link says nothing.
            let isLink = status.st_mode & S_IFMT == S_IFLNK
            guard isLink || status.st_mode & 0o022 == 0 else { return "others can write to \(place)" }
        }
        return nil
    }

    /// The text of a new file.
    package static func template(for file: URL) -> String {
        let data = file.deletingLastPathComponent().lastPathComponent == "Configs" ? "../data" : "data"
        return """
            # cryptsftp: configuration. Edit by hand, or with "cryptsftp user", which leaves all other lines as they are.
            # Paths are relative to this file, so that the directory can be moved.

            # A server at 127.0.0.1 has ::1 besides: localhost means either.
            listen = "127.0.0.1:2200"
            data = "\(data)"
            # portable_names = true         new names suit FAT, exFAT and Windows, also on other file systems
            # engine = "native"              "gpgme": a process of gpg for each file

            # [limits]
            # login_seconds = 30            from the connection to a finished login
            # login_tries = 6               failed tries on one connection
            # unauthenticated = 10          log in at once; more wait their turn
            # sessions = 64                 at once, and a quarter more for owners
            # sessions_per_address = 16     from the network; users of this machine are told apart
            # idle_seconds = 900            without a request
            # stalled_seconds = 120         while the client takes nothing
            # spool_megabytes = 4096        sealed scratch space for files changed in place, for each session
            # verify_megabytes = 128        larger files are not verified as a whole before they are read
            # reserve_megabytes = 256       free space that logins other than the owners' leave

            # For each user:
            # [[user]]
            # name = "alice"
            # access = "rw"                 "wo": anybody may put files in, and gets ciphertext out
            # home = "alice"                below the data directory
            # shared = true                 the home may be another user's too, or lie in it
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
        var lines = settings.map { key, value in "\(key) = \(TOMLValue.string(value).text)\n" }
        if account.isShared { lines.append("shared = true\n") }
        return "\n[[user]]\n" + lines.joined()
    }

    /// Appends `text` to `file`, which need not exist, all or nothing.
    ///
    /// - Throws: ``Platform/SystemError`` or ``Platform/RegularFile/Failure``; then the file is unchanged.
    package static func append(_ text: String, to file: URL) throws {
        let path = file.resolvingSymlinksInPath()
        var contents = FileManager.default.fileExists(atPath: path.path) ? try RegularFile.read(path.path) : []
        if let last = contents.last, last != UInt8(ascii: "\n") { contents.append(UInt8(ascii: "\n")) }
        contents += text.utf8
        try DurableFile.replace(path, with: Data(contents))
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
    ///   - check: gets the new configuration before the file is written.
    /// - Returns: the file as it is then.
    /// - Throws: ``ConfigurationError`` for a value that the setting cannot have, and what `check` throws; then the
    ///   file is unchanged.
    @discardableResult
    package static func change(
        _ file: URL, user: String, from text: String? = nil, by edit: (inout ConfigurationEditor) throws -> Void,
        check: (Configuration) throws -> Void = { _ in }
    ) throws -> Configuration {
        let present = try Configuration(file: file)
        var editor = ConfigurationEditor(text ?? present.text, user: user)
        try edit(&editor)
        let changed = try Configuration(editor.text, file: file)
        if changed.accounts != present.accounts {
            try check(changed)
            try DurableFile.replace(file.resolvingSymlinksInPath(), with: Data(changed.text.utf8))
        }
        return changed
    }
}
