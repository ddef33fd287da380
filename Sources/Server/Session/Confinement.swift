private import CLinux
private import Foundation
private import SSHTransport
package import Vault

/// Confines a session process after the login, with Landlock and seccomp.
///
/// An attacker who runs code in the process reaches the user's home directory, the drafts and the session's own GnuPG
/// home, but no key directory, no other user's files and no network. The same rules hold for gpg, which the process
/// starts.
///
/// The C functions are `landlock_restrict_self` and `seccomp`.
package enum Confinement {
    /// Directories with programs and libraries; those that a machine does not have are ignored.
    private static let programs = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store"]
    /// Files that the C library and GnuPG read.
    ///
    /// Not all of `/etc`: a server that root runs could read secrets there.
    private static let settings = [
        "/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/localtime", "/etc/locale.alias", "/etc/nsswitch.conf",
        "/etc/passwd", "/etc/group", "/etc/gnupg", "/etc/gcrypt", "/proc",
    ]
    private static let devices = ["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"]

    /// Confines the calling thread, and all threads and programs that it starts.
    ///
    /// The process must not have other threads yet: they would not be confined.
    ///
    /// - Parameters:
    ///   - directories: the directories whose files the session changes.
    ///   - keys: the session's private directory, with its GnuPG home.
    ///   - programDirectory: the directory of gpg.
    /// - Returns: the names of the mechanisms in force; empty if the kernel has neither.
    /// - Throws: `SSHError` when the kernel has Landlock but an operation fails.
    package static func enter(
        changing directories: [Directory], keys: String, programDirectory: String
    ) throws -> [String] {
        var inForce: [String] = []
        let version = linux_landlock_version()
        if version > 0 {
            try restrictFiles(version, directories, keys, programDirectory)
            inForce.append("Landlock \(version)")
        }
        if linux_seccomp_enter() == 0 { inForce.append("seccomp") }
        return inForce
    }

    private static func restrictFiles(
        _ version: Int32, _ directories: [Directory], _ keys: String, _ programDirectory: String
    ) throws {
        let rules = linux_landlock_begin(version)
        guard rules >= 0 else { throw refused }
        defer { close(rules) }
        // By descriptor: a path could name another directory by now.
        for directory in directories {
            try allow("/proc/self/fd/\(directory.descriptor)", linux_use_change, rules, version)
        }
        try allow(keys, linux_use_home, rules, version)
        // Its parent, so that it can be removed at the end.
        try allow((keys as NSString).deletingLastPathComponent, linux_use_remove_directory, rules, version)
        // The sockets of a gpg-agent that has to be started again.
        let sockets = "/run/user/\(getuid())/gnupg"
        let rest =
            programs.map { ($0, linux_use_run) } + [(programDirectory, linux_use_run), (sockets, linux_use_home)]
            + settings.map { ($0, linux_use_read) } + devices.map { ($0, linux_use_device) }
        for (path, use) in rest where access(path, F_OK) == 0 { try allow(path, use, rules, version) }
        guard linux_landlock_enter(rules) == 0 else { throw refused }
    }

    private static func allow(
        _ path: String, _ use: some BinaryInteger, _ rules: Int32, _ version: Int32
    ) throws {
        guard linux_landlock_allow(rules, version, path, Int32(truncatingIfNeeded: use)) == 0 else { throw refused }
    }

    private static var refused: SSHError {
        SSHError("the session cannot be confined: \(String(cString: strerror(errno)))")
    }
}
