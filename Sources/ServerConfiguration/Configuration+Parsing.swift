package import Foundation
private import OpenPGP
private import Platform
private import Secrets

extension Configuration {
    /// Reads a server.conf.
    ///
    /// - Throws: ``ConfigurationError`` for a file that cannot be read, and for everything in it that is not
    ///   understood: an unknown setting is a misspelt one.
    package init(file: URL) throws(ConfigurationError) {
        let bytes: [UInt8]
        do throws(RegularFile.Failure) {
            // The file may be a link that its owner has made: edits follow it, too.
            bytes = try RegularFile.read(file.path, links: .followed)
        } catch {
            throw ConfigurationError(file, "the file cannot be read: \(error)")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(file, "the file is not UTF-8")
        }
        try self.init(text, file: file)
    }

    /// Reads the text of a server.conf.
    ///
    /// - Parameters:
    ///   - text: the file's contents.
    ///   - file: where it lies; the paths in it are relative to its directory.
    package init(_ text: String, file: URL) throws(ConfigurationError) {
        do throws(TOMLError) {
            try self.init(TOMLDocument(text), text, file)
        } catch {
            throw ConfigurationError(file, line: error.line, error.reason)
        }
    }

    private init(_ document: TOMLDocument, _ text: String, _ file: URL) throws(TOMLError) {
        let root = document.root
        try root.allowOnly(["listen", "data", "portable_names", "engine"])
        guard let listen = ListenAddress(try root.string("listen") ?? "127.0.0.1:2200") else {
            throw root.error("listen", "must be ADDRESS:PORT, such as 127.0.0.1:2200")
        }
        guard let engine = EngineKind(rawValue: try root.string("engine") ?? EngineKind.native.rawValue) else {
            throw root.error("engine", "must be \"gpgme\" or \"native\"")
        }
        var limits = ServerLimits()
        var warnings: [String] = []
        var accounts: [Account] = []
        for table in document.tables {
            switch (table.name, table.isElement) {
            case ("limits", false): limits = try ServerLimits(table)
            case ("user", true):
                let account = try Account(table)
                if table.setting("wo_list") != nil {
                    warnings.append(
                        "the setting wo_list of \(account.name) has no effect any more: a login to a wo account sees a "
                            + "directory of its own; remove the line")
                }
                guard !accounts.contains(where: { $0.name == account.name }) else {
                    throw table.error("name", "must be unique: there is a user \(account.name) already")
                }
                accounts.append(account)
            default:
                let brackets = table.isElement ? ("[[", "]]") : ("[", "]")
                throw TOMLError(
                    line: table.line,
                    reason: "unknown heading '\(brackets.0)\(table.name.prefix(40))\(brackets.1)': there are [limits] "
                        + "and, for each user, [[user]]")
            }
        }
        self.init(
            file: file, text: text, listen: listen,
            data: URL(
                filePath: try root.string("data") ?? Configuration.standardData,
                relativeTo: file.deletingLastPathComponent()
            )
            .absoluteURL.standardizedFileURL,
            portableNames: try root.boolean("portable_names") ?? false, engine: engine, limits: limits,
            accounts: accounts, warnings: warnings)
    }
}

extension Account {
    /// Reads a `[[user]]` table.
    fileprivate init(_ table: TOMLTable) throws(TOMLError) {
        try table.allowOnly([
            "name", "access", "home", "shared", "key", "password", "wo_password", "wo_list", "authorized_keys",
            "on_exists", "max_megabytes", "max_files", "max_depth",
        ])
        guard let name = try table.string("name") else { throw table.error("name", "is missing") }
        guard let key = try table.string("key") else { throw table.error("key", "is missing") }
        guard let access = Access(rawValue: try table.string("access") ?? Access.rw.rawValue) else {
            throw table.error("access", "must be \"rw\" or \"wo\"")
        }
        guard let onExists = OnExists(rawValue: try table.string("on_exists") ?? OnExists.keep.rawValue) else {
            throw table.error("on_exists", "must be \"keep\" or \"refuse\"")
        }
        self.init(
            name: name, access: access, home: try table.string("home") ?? name, key: key.uppercased(),
            ownerCheck: try table.hash("password").map { .hash($0) } ?? .key,
            writeOnlyCheck: try table.hash("wo_password").map { .hash($0) } ?? .anything,
            authorizedKeys: try table.strings("authorized_keys") ?? [])
        self.onExists = onExists
        maxMegabytes = try table.integer("max_megabytes", in: Account.megabytes)
        maxFiles = try table.integer("max_files", in: Account.files)
        maxDepth = try table.integer("max_depth", in: Account.depths) ?? Account.standardDepth
        isShared = try table.boolean("shared") ?? false
        if let (setting, reason) = firstInvalidSetting { throw table.error(setting, reason) }
    }
}

extension TOMLTable {
    fileprivate func hash(_ key: String) throws(TOMLError) -> PasswordHash? {
        guard let text = try string(key) else { return nil }
        guard let hash = PasswordHash(text: text) else { throw error(key, "must be an argon2id hash") }
        return hash
    }
}
