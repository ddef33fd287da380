private import CLinux
package import Foundation

/// Where server.conf is, and how it is written: created once, then only appended to.
package enum ConfigurationFile {
    /// The file a command means.
    ///
    /// - Parameters:
    ///   - option: what `-c` says; nil takes `./server.conf` if it is there, else the vault's.
    ///   - vault: the folder with `bin/`; nil when the program does not know one.
    package static func locate(_ option: String?, vault: String?) -> URL {
        let here = URL(filePath: FileManager.default.currentDirectoryPath, directoryHint: .isDirectory)
        if let option { return URL(filePath: option, relativeTo: here).absoluteURL.standardizedFileURL }
        let local = here.appending(path: "server.conf")
        if FileManager.default.fileExists(atPath: local.path) { return local }
        let root = vault.map { URL(filePath: $0, directoryHint: .isDirectory) } ?? here
        return root.appending(path: "Configs/server.conf").standardizedFileURL
    }

    /// The text of a new file.
    static func template(for file: URL) -> String {
        let data = file.deletingLastPathComponent().lastPathComponent == "Configs" ? "../data" : "data"
        return """
            # cryptsftp: configuration. Edit by hand, or with "cryptsftp user add", which only appends.
            # Paths are relative to this file, so that the folder can be moved.

            listen = "127.0.0.1:2200"
            data = "\(data)"
            # engine = "gpgme"               "native": without a process of gpg for each file

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

            # For each user:
            # [[user]]
            # name = "alice"
            # access = "rw"                 "wo": anybody may put files in, and gets cipher text out
            # home = "alice"                below the data folder
            # key = "…"                     fingerprint of the key in keys/alice/
            # password = "$argon2id$…"      hash of the passphrase
            # wo_password = "$argon2id$…"   what a "wo" login must give; without it any password will do
            # wo_list = "all"               "own": a "wo" login lists only what it has uploaded itself
            # authorized_keys = ["ssh-ed25519 AAAA…"]   log in to the "wo" view

            """
    }

    /// The lines for a new user.
    static func block(
        name: String, access: Account.Access, home: String, key: String, password: String
    ) -> String {
        """

        [[user]]
        name = "\(name)"
        access = "\(access.rawValue)"
        home = "\(home)"
        key = "\(key)"
        password = "\(password)"

        """
    }

    /// Adds `text` to the end of `file`, and leaves every octet before it as it is.
    ///
    /// All or nothing: the new version takes the name of the old one once it is on the disk.
    static func append(_ text: String, to file: URL) throws {
        let path = file.resolvingSymlinksInPath()
        var contents = FileManager.default.fileExists(atPath: path.path) ? try Data(contentsOf: path) : Data()
        if let last = contents.last, last != UInt8(ascii: "\n") { contents.append(UInt8(ascii: "\n")) }
        contents.append(Data(text.utf8))
        try replace(path, with: contents)
    }

    private static func replace(_ path: URL, with contents: Data) throws {
        let draft = path.deletingLastPathComponent().appending(path: ".\(path.lastPathComponent).new")
        var status = stat()
        let mode = stat(path.path, &status) == 0 ? status.st_mode & 0o777 : 0o600
        unlink(draft.path)
        let descriptor = open(draft.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        let isWritten =
            contents.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } == contents.count
            && fsync(descriptor) == 0
        guard close(descriptor) == 0, isWritten, rename(draft.path, path.path) == 0 else {
            let reason = errno
            unlink(draft.path)
            throw POSIXError(POSIXErrorCode(rawValue: reason) ?? .EIO)
        }
        let folder = open(path.deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }
}
