package import Foundation

/// What is mounted on this machine.
package enum Mounts {
    package static func contains(_ directory: URL) -> Bool {
        let mounts = try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)
        return mounts?.contains(" \(directory.path) ") ?? false
    }

    /// Unmounts, also what is still in use.
    package static func remove(_ directory: URL) {
        for line in [["umount", "-l", directory.path], ["fusermount", "-uz", directory.path]] where contains(directory)
        {
            _ = try? Command.run(line[0], Array(line.dropFirst()))
        }
    }
}
