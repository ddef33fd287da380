private import CLinux
private import Foundation
private import SSHTransport
package import Vault

/// Confines the two processes of a connection, with Landlock and seccomp.
///
/// Rules are never taken back: each call adds some. They hold for the calling thread, and all threads and programs that
/// it starts. The C functions are `landlock_restrict_self` and `seccomp`.
package enum Confinement {
    /// Directories with programs; those that a machine does not have are ignored.
    private static let programs = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store"]
    /// Directories with libraries that the C library loads when it needs them.
    private static let libraries = [
        "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/share/zoneinfo", "/lib", "/lib32", "/lib64", "/nix/store",
        "/gnu/store",
    ]
    /// Files that the C library reads.
    ///
    /// Not all of `/etc`: a server that root runs could read secrets there.
    private static let settings = [
        "/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/localtime", "/etc/locale.alias", "/etc/nsswitch.conf",
        "/etc/passwd", "/etc/group", "/etc/gcrypt", "/proc/self",
    ]
    private static let gnupgSettings = ["/etc/gnupg", "/proc"]
    private static let devices = ["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"]

    private typealias Rule = (path: String, use: Int32)

    // MARK: The session

    /// Confines a session before it reads anything from its client.
    ///
    /// It runs no program, makes no process and no socket but a pair, and reaches no file but those below `data` and what
    /// the C library reads.
    ///
    /// - Parameter data: the data directory: until the login nobody knows whose home it will be.
    /// - Returns: the names of the mechanisms in force; empty if the kernel has neither.
    /// - Throws: `SSHError` when the kernel has Landlock but an operation fails.
    package static func enterSession(data: Directory?) throws -> [String] {
        var inForce: [String] = []
        let version = linux_landlock_version()
        if version > 0 {
            try restrict(version, [data].compactMap(\.self).map(change) + reading)
            inForce.append("Landlock \(version)")
        }
        if linux_seccomp_enter_session() == 0 { inForce.append("seccomp") }
        return inForce
    }

    /// Takes all files from a session that are not below `directories`.
    package static func narrowSession(to directories: [Directory]) throws {
        let version = linux_landlock_version()
        guard version > 0 else { return }
        try restrict(version, directories.map(change) + reading)
    }

    private static var reading: [Rule] {
        (libraries + settings).map { ($0, Int32(linux_use_read)) } + devices.map { ($0, Int32(linux_use_device)) }
    }

    /// By descriptor: a path could name another directory by now.
    private static func change(_ directory: Directory) -> Rule {
        ("/proc/self/fd/\(directory.descriptor)", Int32(linux_use_change))
    }

    // MARK: The monitor

    /// Confines a monitor before it starts gpg: gpg and its agent read what others have written.
    ///
    /// - Parameters:
    ///   - keys: the directory with all users' key directories.
    ///   - data: the data directory, where it opens the home.
    ///   - runtime: the private directory for the GnuPG home.
    ///   - programDirectory: the directory of gpg.
    package static func enterMonitor(keys: String, data: Directory?, runtime: String, programDirectory: String) throws {
        let version = linux_landlock_version()
        if version > 0 {
            let opened = [data].compactMap(\.self).map { directory -> Rule in
                ("/proc/self/fd/\(directory.descriptor)", Int32(linux_use_list))
            }
            try restrict(
                version, running(runtime, programDirectory) + [(keys, Int32(linux_use_read))] + opened)
        }
        _ = linux_seccomp_enter_monitor()
    }

    /// Takes the key directories and the data directory from a monitor.
    package static func narrowMonitor(runtime: String, programDirectory: String) throws {
        let version = linux_landlock_version()
        guard version > 0 else { return }
        try restrict(version, running(runtime, programDirectory))
    }

    private static func running(_ runtime: String, _ programDirectory: String) -> [Rule] {
        // The sockets of a gpg-agent that has to be started again.
        let sockets = "/run/user/\(getuid())/gnupg"
        return [
            (runtime, Int32(linux_use_home)),
            // Its parent, so that it can be removed at the end.
            ((runtime as NSString).deletingLastPathComponent, Int32(linux_use_remove_directory)),
            (programDirectory, Int32(linux_use_run)), (sockets, Int32(linux_use_home)),
        ] + programs.map { ($0, Int32(linux_use_run)) } + reading
            + gnupgSettings.map { ($0, Int32(linux_use_read)) }
    }

    // MARK: Landlock

    /// Forbids all files but those of the rules; a path that does not exist is left out.
    private static func restrict(_ version: Int32, _ rules: [Rule]) throws {
        let set = linux_landlock_begin(version)
        guard set >= 0 else { throw refused }
        defer { close(set) }
        for rule in rules where access(rule.path, F_OK) == 0 {
            guard linux_landlock_allow(set, version, rule.path, rule.use) == 0 else { throw refused }
        }
        guard linux_landlock_enter(set) == 0 else { throw refused }
    }

    private static var refused: SSHError {
        SSHError("the process cannot be confined: \(String(cString: strerror(errno)))")
    }
}
