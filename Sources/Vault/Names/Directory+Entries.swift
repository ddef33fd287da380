internal import Foundation
internal import SFTP

/// Names as the file system compares and lists them.
extension Directory {
    /// Finds what is stored here under a virtual name, in whatever ``NameForm``.
    ///
    /// - Returns: nil also for links, devices and everything else that is neither a regular file nor a directory.
    func entry(
        _ name: [UInt8], _ kind: StoredName.Kind, on volume: Volume
    ) throws(FileSystemError) -> (stored: [UInt8], status: stat)? {
        for stored in StoredName.candidates(name, kind) where stored.count <= Limits.nameLength {
            guard let status = try status(stored, on: volume) else { continue }
            if kind == .directory ? status.isDirectory : status.isRegularFile { return (stored, status) }
        }
        return nil
    }

    /// The status of the entry with exactly this name; nil also when an entry differs from it only in case.
    func status(_ stored: [UInt8], on volume: Volume) throws(FileSystemError) -> stat? {
        guard !volume.isUTF8Only || NameForm.isUTF8(stored), let status = try status(stored) else { return nil }
        if volume.comparesWithoutCase, try !containsEntry(where: { $0 == stored }) { return nil }
        return status
    }

    /// Whether a listing of this directory shows a name for which `predicate` holds.
    func containsEntry(where predicate: ([UInt8]) -> Bool) throws(FileSystemError) -> Bool {
        let names = try DirectoryStream(self)
        while let name = try names.next() { if predicate(name) { return true } }
        return false
    }

    /// Whether a new file can have a name that begins with `text`, and is listed under that name.
    ///
    /// A file is made and removed to find out.
    func canStore(nameLike text: String) -> Bool {
        let name = Array("\(text)-\(UInt32.random(in: .min ... .max))".utf8)
        guard (try? createFile(name, mode: 0o600)) != nil else { return false }
        defer { try? removeFile(name) }
        return (try? containsEntry { $0 == name }) ?? false
    }
}
