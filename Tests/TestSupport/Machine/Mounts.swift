package import Foundation

/// What is mounted on this machine.
package enum Mounts {
    package static func contains(_ folder: URL) -> Bool {
        let mounts = try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)
        return mounts?.contains(" \(folder.path) ") ?? false
    }

    /// Unmounts, also what is still in use.
    package static func remove(_ folder: URL) {
        for line in [["umount", "-l", folder.path], ["fusermount", "-uz", folder.path]] where contains(folder) {
            _ = try? Command.run(line[0], Array(line.dropFirst()))
        }
    }
}
