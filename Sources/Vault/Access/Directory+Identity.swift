internal import Foundation
package import SFTP

/// Directories as the listener makes them for visits.
extension Directory {
    /// What identifies this directory, whatever its name.
    package func identity() throws(FileSystemError) -> FileIdentity { FileIdentity(try status()) }

    /// What identifies the object of a name; nil when there is none.
    package func identity(of name: [UInt8]) throws(FileSystemError) -> FileIdentity? {
        try status(name).map { FileIdentity($0) }
    }

    /// All names.
    package func names() throws(FileSystemError) -> [[UInt8]] {
        let stream = try DirectoryStream(self)
        var names: [[UInt8]] = []
        while let name = try stream.next() { names.append(name) }
        return names
    }

    /// Counts the files and directories below this one, and the files' bytes; what cannot be read counts as nothing.
    ///
    /// - Parameter deepest: levels of directories that are entered.
    package func usage(_ deepest: Int = 256) -> Usage {
        var usage = Usage()
        guard deepest > 0, let stream = try? DirectoryStream(self) else { return usage }
        while let name = try? stream.next() {
            guard !StoredName.isReserved(name), let status = (try? status(name)) ?? nil else { continue }
            usage.objects += 1
            if status.isRegularFile { usage.bytes += UInt64(clamping: status.st_size) }
            guard status.isDirectory, let below = try? directory(named: name).usage(deepest - 1) else { continue }
            usage.bytes += below.bytes
            usage.objects += below.objects
        }
        return usage
    }
}
