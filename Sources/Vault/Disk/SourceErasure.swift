internal import Foundation
internal import SFTP

extension Directory {
    /// How the names of files begin that are being erased: whoever finds one knows that nobody needs it any more.
    static let erasing = Array(".cryptsftp-removing-".utf8)

    /// Overwrites a file, and removes it.
    ///
    /// It gets another name first: half overwritten it must not pass for the file that it was. Where it has further
    /// names, only this one goes, and what is in it stays.
    ///
    /// - Parameter expected: what the file must still be.
    func erase(_ name: [UInt8], _ expected: stat) throws(FileSystemError) {
        guard expected.st_nlink == 1 else {
            try removeFile(name)
            return try synchronize()
        }
        var hidden = name
        if !name.starts(with: Directory.erasing) {
            hidden = Directory.erasing + Array(String(UInt64.random(in: .min ... .max), radix: 16).utf8)
            try rename(name, to: self, hidden, replacing: false)
        }
        do throws(FileSystemError) {
            if expected.st_mode & 0o200 == 0 { _ = hidden.withCString { fchmodat(descriptor, $0, 0o600, 0) } }
            let (file, status) = try openFile(hidden, O_WRONLY)
            guard status.isUnchanged(since: expected) else { throw .failure("it was changed meanwhile") }
            try file.overwrite(UInt64(clamping: status.st_size))
        } catch {
            if hidden != name { try? rename(hidden, to: self, name, replacing: false) }
            throw error
        }
        try removeFile(hidden)
        try synchronize()
    }
}

extension OwnedDescriptor {
    /// Writes random bytes over what is there: a file system that compresses would make little of zeros.
    fileprivate func overwrite(_ count: UInt64) throws(FileSystemError) {
        var numbers = SystemRandomNumberGenerator()
        let noise = (0..<32768).map { _ in numbers.next() }
        var rest = count
        while rest > 0 {
            let written = noise.withUnsafeBytes { write(raw, $0.baseAddress, Int(min(rest, UInt64($0.count)))) }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { throw FileSystemError(errno: errno) }
            rest -= UInt64(written)
        }
        guard fsync(raw) == 0 else { throw FileSystemError(errno: errno) }
    }
}

extension stat {
    /// Whether this is the same file as `earlier`, with the same contents as far as that can be seen.
    func isUnchanged(since earlier: stat) -> Bool {
        st_dev == earlier.st_dev && st_ino == earlier.st_ino && st_size == earlier.st_size
            && st_mtim.tv_sec == earlier.st_mtim.tv_sec && st_mtim.tv_nsec == earlier.st_mtim.tv_nsec
    }
}
