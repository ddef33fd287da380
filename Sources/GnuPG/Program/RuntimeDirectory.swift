private import CGPGME
private import CLinux
private import Foundation
package import OpenPGP

/// A private directory that lives as long as this object: GnuPG homes in use are here and never on the stick.
///
/// FAT has no sockets and no permissions, and GnuPG needs both. The directory lies in memory where the system offers
/// that (`/run/user/UID`, `/dev/shm`), else in `/tmp`; secret keys in it are encrypted all the same. Its owner holds a
/// lock on it, which the kernel drops when the owner ends however it ends: ``sweep()`` removes directories without one.
package final class RuntimeDirectory {
    package let path: String
    private let lock: Int32

    /// How the names begin, before six random characters.
    private static let prefix = ".cryptsftp-session-"
    /// The one thing in it: a GnuPG home.
    static let home = "h"

    /// Makes the directory, for this user alone.
    package init() throws(OpenPGPError) {
        for parent in RuntimeDirectory.parents {
            // A sweep may come between making the directory and locking it, and take it away: then another is made.
            for _ in 1...10 {
                var template = Array("\(parent)/\(RuntimeDirectory.prefix)XXXXXX".utf8CString)
                guard mkdtemp(&template) != nil else { break }
                let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
                let lock = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                guard lock >= 0, flock(lock, LOCK_EX) == 0, RuntimeDirectory.isStill(path, lock) else {
                    if lock >= 0 { close(lock) }
                    continue
                }
                self.path = path
                self.lock = lock
                return
            }
        }
        throw OpenPGPError(.inputOutput, "cannot make a private directory in \(RuntimeDirectory.parents)", errno: errno)
    }

    /// Whether `path` still names what `descriptor` is of.
    private static func isStill(_ path: String, _ descriptor: Int32) -> Bool {
        var named = stat()
        var opened = stat()
        return lstat(path, &named) == 0 && fstat(descriptor, &opened) == 0 && named.st_ino == opened.st_ino
            && named.st_dev == opened.st_dev
    }

    deinit {
        RuntimeDirectory.remove(path)
        close(lock)
    }

    /// Removes what sessions that were killed have left: their directories, and with them their agents.
    package static func sweep() {
        for parent in parents {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
            where name.hasPrefix(prefix) {
                let path = "\(parent)/\(name)"
                let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                guard descriptor >= 0 else { continue }
                defer { close(descriptor) }
                var status = stat()
                guard fstat(descriptor, &status) == 0, status.st_uid == getuid(), isOurs(path) else { continue }
                if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { remove(path) }
            }
        }
    }

    /// Whether a directory of that name holds only what this class puts there: `/tmp` is everybody's.
    private static func isOurs(_ path: String) -> Bool {
        let contents = try? FileManager.default.contentsOfDirectory(atPath: path)
        return contents == [] || contents == [home]
    }

    private static var parents: [String] {
        ["/run/user/\(getuid())", "/dev/shm", "/tmp"].filter { access($0, W_OK | X_OK) == 0 }
    }

    /// Ends the agent of the home in `path`, then removes it.
    private static func remove(_ path: String) {
        if access("\(path)/\(home)/private-keys-v1.d", F_OK) == 0, let gpgconf = GnuPG.gpgconf {
            // An agent also ends when its home vanishes, but then its sockets in /run/user/UID/gnupg stay.
            for action in [["--kill", "gpg-agent"], ["--remove-socketdir"]] {
                run(gpgconf, ["--homedir", "\(path)/\(home)"] + action)
            }
        }
        // What the agent removes itself meanwhile, its sockets, makes an attempt fail.
        for _ in 1...100 {
            try? FileManager.default.removeItem(atPath: path)
            guard access(path, F_OK) == 0 else { return }
            usleep(10_000)
        }
    }

    /// Runs a program of GnuPG quietly and waits for it.
    private static func run(_ program: String, _ arguments: [String]) {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(null) }
        var process: Int32 = 0
        let strings = ([program] + arguments).map { strdup($0) }
        defer { strings.forEach { free($0) } }
        guard linux_spawn(&process, program, strings + [nil], [nil], [null, null, null], 3) == 0 else { return }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    }
}
