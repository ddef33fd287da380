internal import Foundation
internal import Platform
internal import SFTP

extension Directory {
    /// The prefix of the name that a file has while it is erased.
    ///
    /// A file that has it may be removed.
    static let erasing = Array(".cryptsftp-removing-".utf8)

    /// Overwrites a file with random bytes, and removes it.
    ///
    /// The file is renamed first, so that a half overwritten file does not have the name of the original. A file with
    /// several hard links only loses this name and keeps its contents.
    ///
    /// - Parameter expected: the status that the file must still have.
    func erase(_ name: [UInt8], _ expected: stat) throws(FileSystemError) {
        guard expected.st_nlink == 1 else {
            try removeFile(name)
            return try synchronize()
        }
        var hidden = name
        if !name.starts(with: Directory.erasing) {
            hidden = Directory.erasing + Array(String(UInt64.random(in: .min ... .max), radix: 16).utf8)
            try rename(name, to: self, hidden, existing: .keep)
        }
        do throws(FileSystemError) {
            if expected.st_mode & 0o200 == 0 { _ = hidden.withCString { fchmodat(descriptor, $0, 0o600, 0) } }
            let (file, status) = try openFile(hidden, O_WRONLY)
            guard status.isUnchanged(since: expected) else { throw .failure("it has been changed") }
            try FileSystemError.translating(system: file.overwrite(UInt64(clamping: status.st_size)))
        } catch {
            if hidden != name { try? rename(hidden, to: self, name, existing: .keep) }
            throw error
        }
        try removeFile(hidden)
        try synchronize()
    }
}

extension OwnedDescriptor {
    /// Writes random bytes over the file, which a file system that compresses cannot store as a hole, as it could
    /// zeros.
    fileprivate func overwrite(_ count: UInt64) throws(SystemError) {
        var numbers = SystemRandomNumberGenerator()
        let noise = (0..<32768).map { _ in numbers.next() }
        var rest = count
        while rest > 0 {
            let length = Int(min(rest, UInt64(noise.count * MemoryLayout<UInt64>.size)))
            try noise.withUnsafeBufferPointer { noise throws(SystemError) in
                try FileIO.writeAll(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(noise)[..<length]), to: raw)
            }
            rest -= UInt64(length)
        }
        try FileIO.synchronize(raw)
    }
}
