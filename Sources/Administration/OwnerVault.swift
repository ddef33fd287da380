package import Foundation
private import GnuPG
package import OpenPGP
package import SFTP
package import ServerConfiguration
package import Vault

/// A vault that a tool opens without a server: the configuration and the data directory.
package struct OwnerVault {
    package let configuration: Configuration
    package let data: Directory
    /// The rules of the data directory's file system for names.
    package let volume: Volume

    /// Entries of one user's home that a tool works on.
    package struct Selection {
        package let account: Account
        package let home: Directory
        package let entries: [TreeEntry]
    }

    /// Opens the vault of the server.conf `file`.
    ///
    /// - Throws: ``ServerConfiguration/ConfigurationError``; ``UserError`` with `.noData` without a data directory.
    package init(_ file: URL) throws { try self.init(Configuration(file: file)) }

    init(_ configuration: Configuration) throws(UserError) {
        self.configuration = configuration
        do throws(FileSystemError) {
            data = try Directory(path: configuration.data.path)
        } catch {
            throw UserError(
                .noData, description: "the data directory \(configuration.data.path) is missing or cannot be read")
        }
        volume = Volume(reading: data)
    }

    /// The named user; without a name, the only one there is.
    ///
    /// - Throws: ``UserError`` when there is no such user, or several without a name.
    package func account(_ name: String?) throws(UserError) -> Account {
        if let name {
            return try configuration.user(name)
        }
        guard let only = configuration.accounts.first, configuration.accounts.count == 1 else {
            throw UserError(.unclear, description: "there are several users: say which with --user NAME")
        }
        return only
    }

    /// Opens a user's home directory.
    package func home(of account: Account) throws(FileSystemError) -> Directory {
        try data.directory(VirtualPath(parsing: account.home.utf8), mounts: .enter)
    }

    /// Finds the entries that paths name.
    ///
    /// A path is looked up in this order: in the user's home, as a client would name it; in the file system, if it
    /// leads into the data directory; below the data directory.
    ///
    /// - Parameters:
    ///   - paths: none selects whole homes.
    ///   - user: the user whose files are meant; nil means the only user, or all.
    /// - Throws: ``UserError`` with `.noPath` for a path that names nothing.
    package func select(_ paths: [String], user: String?) throws -> [Selection] {
        guard !paths.isEmpty else {
            let accounts = try user.map { [try self.account($0)] } ?? configuration.accounts
            return try accounts.map { account in
                let home = try self.home(of: account)
                return Selection(
                    account: account, home: home,
                    entries: [try TreeEntry(root: home, isDataDirectory: account.home == ".")])
            }
        }
        var selections: [Selection] = []
        for path in paths {
            guard let found = try find(path, user: user) else { throw UserError.noPath(path) }
            selections.append(found)
        }
        return selections
    }

    /// Finds the entry that one path names; nil when there is none.
    package func find(_ path: String, user: String?) throws -> Selection? {
        let only = configuration.accounts.count == 1 ? configuration.accounts.first : nil
        if let account = try user.map({ try self.account($0) }) ?? only,
            let selection = try selection(account, VirtualPath(parsing: path.utf8))
        {
            return selection
        }
        var belowData: [VirtualPath] = []
        if let inside = inside(path) { belowData.append(try VirtualPath(parsing: inside.utf8)) }
        belowData.append(try VirtualPath(parsing: path.utf8))
        for path in belowData {
            if let selection = try selection(below: path, user) { return selection }
        }
        return nil
    }

    /// The path below the data directory for a path in the file system; nil for one that leads elsewhere.
    ///
    /// The C function is `realpath`.
    package func inside(_ path: String) -> String? {
        guard let real = realpath(path, nil), let data = realpath(configuration.data.path, nil) else { return nil }
        defer {
            free(real)
            free(data)
        }
        let directory = String(cString: data)
        let place = String(cString: real)
        if place == directory { return "/" }
        return place.hasPrefix(directory + "/") ? String(place.dropFirst(directory.count)) : nil
    }

    /// The entry at a path below the data directory, with the user whose home is the deepest above it.
    private func selection(below path: VirtualPath, _ user: String?) throws -> Selection? {
        let accounts = try configuration.accounts.filter { user == nil || $0.name == user }
            .map { (account: $0, home: try VirtualPath(parsing: $0.home == "." ? [] : Array($0.home.utf8))) }
            .filter { path == $0.home || path.isBelow($0.home) }
        guard let deepest = accounts.max(by: { $0.home.components.count < $1.home.components.count }) else {
            return nil
        }
        return try selection(deepest.account, path.moved(from: deepest.home, to: .root))
    }

    private func selection(_ account: Account, _ path: VirtualPath) throws -> Selection? {
        let home = try self.home(of: account)
        return try TreeEntry.at(path, in: home, isDataDirectory: account.home == ".", on: volume).map {
            Selection(account: account, home: home, entries: [$0])
        }
    }
}

extension OwnerVault {
    /// Says what is not as a user's passphrase has confirmed it, as far as that is seen without the passphrase.
    package func compare(_ account: Account, warn: (String) -> Void) throws(OpenPGPError) {
        let keys = configuration.keyDirectory(of: account.name)
        configuration.compare(account, try KeyDirectory.identity(of: account.key, in: keys), warn: warn)
    }

    /// The key IDs of all encryption subkeys in the user's key directory.
    ///
    /// A stored file may be older than the key in use, so that it is encrypted to another one of these.
    package func recipientIDs(of account: Account) throws(OpenPGPError) -> Set<[UInt8]> {
        let keys = try KeyDirectory.keys(in: configuration.keyDirectory(of: account.name))
        return Set(keys.flatMap(\.encryptionSubkeys).map(\.keyID))
    }
}
