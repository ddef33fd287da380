package import Foundation

/// The state of a user's key directory: all its files, with their sizes and the times of their last changes.
///
/// Two equal ones tell that no key was changed in between, as far as the file system knows.
package enum KeyDirectoryVersion {
    /// Describes the present state.
    ///
    /// - Returns: nil when the directory cannot be read.
    package static func current(of directory: URL) -> String? {
        guard let names = try? FileManager.default.subpathsOfDirectory(atPath: directory.path) else { return nil }
        var lines: [String] = []
        for name in names.sorted() {
            var status = stat()
            guard lstat(directory.appending(path: name).path, &status) == 0 else { return nil }
            guard status.st_mode & S_IFMT != S_IFDIR else { continue }
            let (changed, modified) = (status.st_ctim, status.st_mtim)
            lines.append(
                "\(name) \(status.st_dev) \(status.st_ino) \(status.st_size) \(modified.tv_sec).\(modified.tv_nsec) "
                    + "\(changed.tv_sec).\(changed.tv_nsec)")
        }
        return lines.joined(separator: "\n")
    }
}
