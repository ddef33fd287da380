package import Foundation

/// The host keys beside server.conf, which are made once and then only read.
package enum HostKeyStore {
    /// Makes the keys that are missing, and returns when they are on the disk.
    package static func create(in directory: URL) throws {
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        for kind in HostKey.Kind.allCases where !FileManager.default.fileExists(atPath: path(kind, in: directory)) {
            try HostKey(generating: kind).write(to: path(kind, in: directory))
        }
    }

    /// Reads the keys that are there.
    ///
    /// - Throws: ``SSHError`` when one cannot be read, or when there is none.
    package static func load(from directory: URL) throws -> [HostKey] {
        let paths = HostKey.Kind.allCases.map { path($0, in: directory) }
        let keys = try paths.filter { FileManager.default.fileExists(atPath: $0) }.map { try HostKey(path: $0) }
        guard !keys.isEmpty else { throw SSHError("there is no host key in \(directory.path)") }
        return keys
    }

    private static func path(_ kind: HostKey.Kind, in directory: URL) -> String {
        directory.appending(path: "\(kind.rawValue)_key").path
    }
}
