package import Foundation

/// The private directories of sessions: whose they are, and which nobody has any more.
package enum RuntimeDirectories {
    package struct Entry: Hashable {
        package let path: String
        /// The process that holds the lock on it; nil when it is left.
        package let owner: pid_t?
    }

    /// The directories that hold them: a usable `XDG_RUNTIME_DIR` alone, as for the program.
    private static var parents: [String] {
        let own = ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"] ?? ""
        var status = stat()
        if own.hasPrefix("/"), stat(own, &status) == 0, status.st_uid == getuid(), access(own, W_OK | X_OK) == 0 {
            return [own]
        }
        return ["/run/user/\(getuid())", "/dev/shm", "/tmp"]
    }

    /// All there are, of other servers too.
    package static func all() -> [Entry] {
        let owners = lockOwners()
        return parents.flatMap { parent in
            ((try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [])
                .filter { $0.hasPrefix(".cryptsftp-session-") }
                .compactMap { name -> Entry? in
                    var status = stat()
                    guard lstat("\(parent)/\(name)", &status) == 0 else { return nil }
                    return Entry(path: "\(parent)/\(name)", owner: owners[UInt64(status.st_ino)])
                }
        }
    }

    /// The processes that hold locks of `flock`, by the file's inode: the directory's descriptor itself shows only to
    /// root.
    ///
    /// Source: proc(5), `/proc/locks`.
    private static func lockOwners() -> [UInt64: pid_t] {
        let lines = (try? String(contentsOfFile: "/proc/locks", encoding: .utf8))?.split(separator: "\n") ?? []
        var owners: [UInt64: pid_t] = [:]
        for line in lines {
            let fields = line.split(separator: " ")
            guard fields.count >= 6, fields[1] == "FLOCK", let owner = pid_t(fields[4]),
                let inode = fields[5].split(separator: ":").last.flatMap({ UInt64($0) })
            else { continue }
            owners[inode] = owner
        }
        return owners
    }

    /// The agents that run for a directory; one whose directory is gone is on its way out.
    package static func agents(of directory: String, in processes: [ProcessTable.Entry]) -> [pid_t] {
        processes.filter { process in
            process.name == "gpg-agent" && process.arguments.contains { $0.hasPrefix(directory + "/") }
        }.map(\.identifier)
    }
}

extension RunningServer {
    /// The runtime directories of the connections that run now, with their sessions as owners.
    package var runtimeDirectories: [RuntimeDirectories.Entry] {
        let monitors = Set(monitors)
        return RuntimeDirectories.all().compactMap { entry in
            guard let monitor = entry.owner, monitors.contains(monitor) else { return nil }
            return RuntimeDirectories.Entry(path: entry.path, owner: session(of: monitor))
        }
    }

    /// What lies in the drafts directory.
    package var drafts: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: data.appending(path: ".cryptsftp-drafts").path)) ?? []
    }

    /// Waits until no directory, no agent and no draft is there that nobody uses.
    ///
    /// - Parameter directories: runtime directories that sessions of this server have had.
    package func waitUntilSwept(_ directories: Set<String>) throws {
        try waitUntil("what killed processes left is gone") {
            let now = Dictionary(RuntimeDirectories.all().map { ($0.path, $0.owner) }) { first, _ in first }
            let left = directories.filter { now[$0].map { $0 == nil } ?? false }
            let processes = ProcessTable.all()
            let agents = directories.filter {
                now[$0] == nil && !RuntimeDirectories.agents(of: $0, in: processes).isEmpty
            }
            return left.isEmpty && agents.isEmpty && self.drafts.isEmpty
        }
    }
}
