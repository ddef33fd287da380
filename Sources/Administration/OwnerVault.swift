package import Foundation
package import GnuPG
package import OpenPGP
package import SFTP
package import Secrets
package import ServerConfiguration
package import Vault

/// A vault as its owner's tools see it, without a server.
package struct OwnerVault {
    package let configuration: Configuration
    package let data: Directory
    /// How names in it are found.
    package let volume: Volume

    /// What a tool is to work on: things in one user's home.
    package struct Selection {
        package let account: Account
        package let home: Directory
        package let entries: [TreeEntry]
    }

    /// Opens the vault of the server.conf `file`.
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

    /// The user who is meant: the one named, or the only one.
    package func account(_ name: String?) throws(UserError) -> Account {
        if let name {
            return configuration.accounts[try configuration.index(of: name)]
        }
        guard let only = configuration.accounts.first, configuration.accounts.count == 1 else {
            throw UserError(.unclear, description: "there are several users: say which with --user NAME")
        }
        return only
    }

    package func home(of account: Account) throws(FileSystemError) -> Directory {
        try data.directory(VirtualPath(parsing: account.home.utf8), mounts: .enter)
    }

    /// Finds what paths mean.
    ///
    /// A path is looked for in the home of the user who is meant, as a client would name it; then where the file system
    /// has it, if that is in the data directory; then below the data directory. Without a path it is the whole home, of
    /// all users if none is meant.
    package func select(_ paths: [String], user: String?) throws -> [Selection] {
        guard !paths.isEmpty else {
            let accounts = try user.map { [try self.account($0)] } ?? configuration.accounts
            return try accounts.map { account in
                let home = try self.home(of: account)
                return Selection(
                    account: account, home: home, entries: [try TreeEntry(root: home)])
            }
        }
        var selections: [Selection] = []
        for path in paths {
            guard let found = try find(path, user: user) else { throw UserError.noPath(path) }
            selections.append(found)
        }
        return selections
    }

    /// Finds what one path means; nil when there is nothing.
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

    /// The path below the data directory of something in the file system.
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

    /// What is at a path below the data directory, in the home of the user whose home is the deepest around it.
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
        return try TreeEntry.at(path, in: home, on: volume).map {
            Selection(account: account, home: home, entries: [$0])
        }
    }
}

/// A user's files with the key that opens them, or only encrypts to them.
package final class OwnerSession {
    package let files: VaultFileSystem
    private let keys: SessionHome

    /// - Parameters:
    ///   - home: whose files; the user's, or any directory of stored files.
    ///   - passphrase: the user's; nil leaves the secret key alone.
    ///   - stores: whether anything is to be stored, under names that suit the file system.
    package init(
        _ vault: OwnerVault, _ account: Account, home: Directory, passphrase: SecretBytes?, stores: Bool = false
    ) throws {
        // A tool that was killed has left its keys and an agent.
        RuntimeDirectory.sweep()
        let directory = vault.configuration.keyDirectory(of: account.name)
        let engine = vault.configuration.engine
        if let passphrase {
            keys = try SessionHome(keysIn: directory, fingerprint: account.key, passphrase: passphrase, engine: engine)
        } else {
            keys = try SessionHome(publicKeysIn: directory, fingerprint: account.key, engine: engine)
        }
        files = VaultFileSystem(
            user: account.name, view: .plaintext, data: vault.data, home: home,
            volume: stores
                ? Volume(of: vault.data, isPortable: vault.configuration.portableNames) : vault.volume,
            cryptor: keys.cryptor,
            spoolSize: UInt64(vault.configuration.limits.spoolMegabytes) << 20,
            verifiedFirst: UInt64(vault.configuration.limits.verifyMegabytes) << 20, report: { _ in })
    }
}

extension OwnerVault {
    /// How the subkeys are called that a user's files may be for: all there are in the user's key directory, since a
    /// stored file may be older than the key.
    package func recipientIDs(of account: Account) throws(OpenPGPError) -> Set<[UInt8]> {
        let keys = try KeyDirectory.keys(in: configuration.keyDirectory(of: account.name))
        return Set(keys.flatMap(\.encryptionSubkeys).map(\.keyID))
    }
}
