package import Foundation
private import OpenPGP
private import SSHTransport
private import Secrets
private import TOMLKit

/// Why a server.conf is not good: the line, if it can be told, and the reason.
package struct ConfigurationError: Error, CustomStringConvertible {
    package let description: String

    init(_ file: URL, line: Int?, _ reason: String) {
        description = "\(file.lastPathComponent):\(line.map { "\($0):" } ?? "") \(reason)"
    }
}

extension Configuration {
    /// Reads a server.conf.
    ///
    /// - Throws: ``ConfigurationError`` for anything it does not understand: an unknown key is a misspelt one.
    package init(file: URL) throws {
        guard let data = try? Data(contentsOf: file), let text = String(data: data, encoding: .utf8) else {
            throw ConfigurationError(file, line: nil, "the file cannot be read, or is not UTF-8")
        }
        try self.init(text, file: file)
    }

    /// Reads the text of a server.conf that lies at `file`.
    package init(_ text: String, file: URL) throws {
        var contents = ConfigurationText(text)
        if let (line, reason) = contents.oddity() { throw ConfigurationError(file, line: line, reason) }
        let document: Document
        do {
            document = try TOMLDecoder(strictDecoding: true).decode(Document.self, from: text)
        } catch let error as TOMLParseError {
            throw ConfigurationError(file, line: error.source.begin.line, error.description)
        } catch let error as UnexpectedKeysError {
            let name = error.keys.keys.sorted().first ?? ""
            throw ConfigurationError(file, line: text.line(of: name), "'\(name)' is not known here")
        } catch let error as DecodingError {
            let (name, user, reason) = error.explained(in: text)
            throw ConfigurationError(
                file, line: text.line(of: name, user: user, orHeading: true), "'\(name)': \(reason)")
        }
        func wrong(_ key: String, _ user: Int?, _ reason: String) -> ConfigurationError {
            ConfigurationError(file, line: text.line(of: key, user: user, orHeading: true), "'\(key)': \(reason)")
        }
        guard let listen = ListenAddress(document.listen ?? "127.0.0.1:2200") else {
            throw wrong("listen", nil, "must be ADDRESS:PORT, such as 127.0.0.1:2200")
        }
        guard let engine = document.engine.map({ EngineKind(rawValue: $0) }) ?? .native else {
            throw wrong("engine", nil, "must be \"gpgme\" or \"native\"")
        }
        var accounts: [Account] = []
        for (index, user) in (document.user ?? []).enumerated() {
            let account = try user.account { wrong($0, index, $1) }
            guard !accounts.contains(where: { $0.name == account.name }) else {
                throw wrong("name", index, "the user \(account.name) stands there twice")
            }
            accounts.append(account)
        }
        let directory = file.deletingLastPathComponent()
        self.init(
            file: file, text: text, listen: listen,
            data: URL(filePath: document.data ?? "data", relativeTo: directory).absoluteURL.standardizedFileURL,
            portableNames: document.portable_names ?? false, engine: engine,
            limits: try document.limits?.limits { wrong($0, nil, $1) } ?? ServerLimits(), accounts: accounts)
    }
}

/// The file as TOML has it.
private struct Document: Decodable {
    var listen: String?
    var data: String?
    var portable_names: Bool?
    var engine: String?
    var limits: LimitsTable?
    var user: [UserTable]?
}

private struct UserTable: Decodable {
    var name: String
    var access: String?
    var home: String?
    var key: String
    var password: String?
    var wo_password: String?
    var wo_list: String?
    var authorized_keys: [String]?

    func account(_ wrong: (String, String) -> ConfigurationError) throws -> Account {
        guard Account.isValid(name: name) else {
            throw wrong("name", "may have 1 to 64 letters, digits and . _ - and starts with a letter or digit")
        }
        guard let access = Account.Access(rawValue: access ?? "rw") else {
            throw wrong("access", "must be \"rw\" or \"wo\"")
        }
        let home = home ?? name
        let parts = home.split(separator: "/", omittingEmptySubsequences: false)
        let isPlain = home.utf8.allSatisfy {
            $0 >= 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
        guard isPlain, home == "." || !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) else {
            throw wrong("home", "must be a directory below the data directory, of ordinary characters")
        }
        guard key.utf8.count == 40, key.allSatisfy(\.isHexDigit) else {
            throw wrong("key", "must be a key's fingerprint of 40 hexadecimal digits")
        }
        guard ["all", "own", nil].contains(wo_list) else {
            throw wrong("wo_list", "must be \"all\" or \"own\"")
        }
        for line in authorized_keys ?? [] where PublicKey(line: line) == nil {
            throw wrong("authorized_keys", "'\(line.prefix(40))…' is not a supported key, or has options before it")
        }
        return Account(
            name: name, access: access, home: home, key: key.uppercased(),
            ownerCheck: try password.map { .hash(try hash("password", $0, wrong)) } ?? .key,
            writeOnlyCheck: try wo_password.map { .hash(try hash("wo_password", $0, wrong)) } ?? .anything,
            woListsAll: wo_list != "own",
            authorizedKeys: authorized_keys ?? [])
    }

    private func hash(
        _ key: String, _ text: String, _ wrong: (String, String) -> ConfigurationError
    ) throws -> PasswordHash {
        guard let hash = PasswordHash(text: text) else { throw wrong(key, "must be an argon2id hash") }
        return hash
    }
}

private struct LimitsTable: Decodable {
    var login_seconds: Int?
    var login_tries: Int?
    var unauthenticated: Int?
    var sessions: Int?
    var sessions_per_address: Int?
    var idle_seconds: Int?
    var stalled_seconds: Int?
    var spool_megabytes: Int?
    var verify_megabytes: Int?

    func limits(_ wrong: (String, String) -> ConfigurationError) throws -> ServerLimits {
        var limits = ServerLimits()
        for (key, value, field) in [
            ("login_seconds", login_seconds, \ServerLimits.loginSeconds),
            ("login_tries", login_tries, \.loginTries),
            ("unauthenticated", unauthenticated, \.unauthenticated),
            ("sessions", sessions, \.sessions),
            ("sessions_per_address", sessions_per_address, \.sessionsPerAddress),
            ("idle_seconds", idle_seconds, \.idleSeconds),
            ("stalled_seconds", stalled_seconds, \.stalledSeconds),
            ("spool_megabytes", spool_megabytes, \.spoolMegabytes),
            ("verify_megabytes", verify_megabytes, \.verifyMegabytes),
        ] {
            guard let value else { continue }
            guard (1...1_000_000).contains(value) else { throw wrong(key, "must be 1 to 1000000") }
            limits[keyPath: field] = value
        }
        return limits
    }
}

extension DecodingError {
    /// The key it is about, the `[[user]]` it is in, counted from 0, and why.
    fileprivate func explained(in text: String) -> (key: String, user: Int?, reason: String) {
        switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            let key = context.codingPath.last { $0.intValue == nil }?.stringValue ?? ""
            return (key, context.codingPath.lazy.compactMap(\.intValue).first, context.debugDescription)
        case .keyNotFound(let key, let context):
            let user = context.codingPath.lazy.compactMap(\.intValue).first
            // The decoder also calls a key missing whose value is of another type.
            let isThere = text.line(of: key.stringValue, user: user) != nil
            return (key.stringValue, user, isThere ? "has a value of the wrong type" : "is missing")
        @unknown default: return ("", nil, "cannot be understood")
        }
    }
}

extension String {
    /// The number of the first line that sets `key`, in the `[[user]]` counted from 0 if one is given.
    ///
    /// Without such a line it is where that `[[user]]` begins.
    fileprivate func line(of key: String, user: Int? = nil, orHeading: Bool = false) -> Int? {
        var section = -1
        var heading: Int?
        for (index, line) in split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let text = line.drop { $0 == " " || $0 == "\t" }
            if text.hasPrefix("[[user]]") {
                section += 1
                if section == user { heading = index + 1 }
            }
            guard user == nil || section == user else { continue }
            let name = text.drop { $0 == "[" }.prefix { $0 != "=" && $0 != "]" && !$0.isWhitespace }
            if name == key { return index + 1 }
        }
        return orHeading ? heading : nil
    }
}
