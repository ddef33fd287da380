private import Foundation
package import OpenPGP
private import Platform

/// A private directory for one GnuPG home, removed with this object.
///
/// GnuPG homes in use are here and never on the stick: FAT has no sockets and no permissions, and GnuPG needs both. The
/// directory is in `XDG_RUNTIME_DIR`, else in memory where the system offers that (`/run/user/UID`, `/dev/shm`), else
/// in `/tmp`; secret keys in it are encrypted all the same. Its owner holds a lock on it, which the kernel drops when
/// the owner ends, however it ends: ``sweep()`` removes directories that nobody locks.
package final class RuntimeDirectory {
    package let path: String
    private let lock: FileLock

    /// The start of the directory's name, before six random characters.
    private static let prefix = ".cryptsftp-session-"
    /// The name of the GnuPG home, the only entry.
    static let homeName = "h"

    /// Makes the directory, for this user alone.
    package init() throws(OpenPGPError) {
        var error = SystemError(ENOENT)
        for parent in RuntimeDirectory.parents {
            // A sweep may remove the directory before it is locked: then another is made.
            for _ in 1...10 {
                var template = Array("\(parent)/\(RuntimeDirectory.prefix)XXXXXX".utf8CString)
                guard mkdtemp(&template) != nil else {
                    error = .last
                    break
                }
                let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
                guard let descriptor = RuntimeDirectory.open(path) else { continue }
                let lock = FileLock(.exclusive, on: descriptor)
                guard RuntimeDirectory.isStill(path, descriptor) else { continue }
                self.path = path
                self.lock = lock
                return
            }
        }
        throw OpenPGPError(
            .inputOutput, "cannot make a private directory in \(RuntimeDirectory.parents.joined(separator: ", "))",
            errno: error.number)
    }

    deinit {
        RuntimeDirectory.remove(path)
    }

    /// Removes the home, and ends its agent, so that another one can be made here.
    package func empty() {
        RuntimeDirectory.endAgent(of: path)
        try? FileManager.default.removeItem(atPath: "\(path)/\(RuntimeDirectory.homeName)")
    }

    /// Removes what killed sessions have left in ``parents``: their directories, and with them their agents.
    package static func sweep() {
        for parent in parents {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
            where name.hasPrefix(prefix) {
                let path = "\(parent)/\(name)"
                guard let descriptor = open(path), (try? descriptor.status())?.st_uid == getuid(), isOurs(path) else {
                    continue
                }
                FileLock(.exclusive, ifFreeOn: descriptor)?.withLock { remove(path) }
            }
        }
    }

    /// Opens a directory, but not through a symbolic link.
    private static func open(_ path: String) -> OwnedDescriptor? {
        try? OwnedDescriptor(path: path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    }

    /// Whether `path` still names the open directory.
    private static func isStill(_ path: String, _ directory: OwnedDescriptor) -> Bool {
        var named = stat()
        guard lstat(path, &named) == 0, let opened = try? directory.status() else { return false }
        return named.st_ino == opened.st_ino && named.st_dev == opened.st_dev
    }

    /// Whether the directory holds nothing but a GnuPG home: in `/tmp` others could make one with such a name.
    private static func isOurs(_ path: String) -> Bool {
        let contents = try? FileManager.default.contentsOfDirectory(atPath: path)
        return contents == [] || contents == [homeName]
    }

    /// The directories that runtime directories are made in and swept from, the best first.
    ///
    /// A usable `XDG_RUNTIME_DIR` is the only one: programs with another one find nothing of this one's.
    ///
    /// Source: XDG Base Directory Specification, which wants it to be the user's own.
    private static var parents: [String] {
        let own = ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"] ?? ""
        if own.hasPrefix("/"), own.utf8.count <= longestParent, isWritable(own), owner(of: own) == getuid() {
            return [own]
        }
        return ["/run/user/\(getuid())", "/dev/shm", "/tmp"].filter(isWritable)
    }

    /// Bytes of a parent's path in which the agent's sockets still have paths of 107 bytes, the most that `sockaddr_un`
    /// takes.
    private static let longestParent = 107 - "/\(prefix)XXXXXX/\(homeName)/S.gpg-agent.browser".utf8.count

    private static func isWritable(_ directory: String) -> Bool { access(directory, W_OK | X_OK) == 0 }

    private static func owner(of directory: String) -> uid_t? {
        var status = stat()
        return stat(directory, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR ? status.st_uid : nil
    }

    /// Ends the agent of the home in `path`.
    private static func endAgent(of path: String) {
        let home = "\(path)/\(homeName)"
        guard access("\(home)/\(KeyDirectory.secretKeys)", F_OK) == 0, let gpgconf = GnuPGProgram.gpgconf else {
            return
        }
        // An agent also ends when its home vanishes, but then its sockets in /run/user/UID/gnupg stay.
        for action in [["--kill", "gpg-agent"], ["--remove-socketdir"]] {
            _ = try? ChildProcess.run(gpgconf, ["--homedir", home] + action)
        }
    }

    /// Ends the agent of the home in `path`, then removes the directory.
    private static func remove(_ path: String) {
        endAgent(of: path)
        // The ending agent removes its sockets, so that they may vanish under an attempt, which then fails.
        for _ in 1...100 {
            try? FileManager.default.removeItem(atPath: path)
            guard access(path, F_OK) == 0 else { return }
            usleep(10_000)
        }
    }
}
