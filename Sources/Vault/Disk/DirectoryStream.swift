internal import Foundation
internal import SFTP

/// The names in a directory, read one after the other.
///
/// The C functions are `fdopendir` and `readdir`.
final class DirectoryStream {
    private let stream: OpaquePointer

    init(_ directory: Directory) throws(FileSystemError) {
        // A separate descriptor, so that two listings of one directory have separate positions.
        let descriptor = try directory.reopened()
        guard let stream = fdopendir(descriptor) else {
            close(descriptor)
            throw FileSystemError(errno: ENOMEM)
        }
        self.stream = stream
    }

    deinit {
        closedir(stream)
    }

    /// The next name other than `.` and `..`; nil at the end.
    ///
    /// - Throws: when the rest cannot be read, because an incomplete listing must not look complete.
    func next() throws(FileSystemError) -> [UInt8]? {
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw FileSystemError(errno: errno) }
                return nil
            }
            // The record is only as long as its name: the 256 bytes that the C structure declares may not be there.
            let start = UnsafeRawPointer(entry) + (MemoryLayout<dirent>.offset(of: \.d_name) ?? 0)
            let name = [UInt8](
                UnsafeRawBufferPointer(start: start, count: strlen(start.assumingMemoryBound(to: CChar.self))))
            if name != [UInt8(ascii: ".")] && name != [UInt8(ascii: "."), UInt8(ascii: ".")] { return name }
        }
    }
}
