internal import Foundation
internal import SFTP

/// The names in a directory, one after the other, however many.
///
/// The C functions are `fdopendir` and `readdir`.
final class DirectoryStream {
    private let stream: OpaquePointer

    init(_ directory: Directory) throws(FileSystemError) {
        // A description of its own, so that two listings of one directory do not share a position.
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

    /// The next name, `.` and `..` left out; nil at the end.
    ///
    /// - Throws: when the rest cannot be read: a listing cut short must not look complete.
    func next() throws(FileSystemError) -> [UInt8]? {
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw FileSystemError(errno: errno) }
                return nil
            }
            // The record is as long as its name needs: the field's declared 256 bytes may not be there.
            let start = UnsafeRawPointer(entry) + (MemoryLayout<dirent>.offset(of: \.d_name) ?? 0)
            let name = [UInt8](
                UnsafeRawBufferPointer(start: start, count: strlen(start.assumingMemoryBound(to: CChar.self))))
            if name != [UInt8(ascii: ".")] && name != [UInt8(ascii: "."), UInt8(ascii: ".")] { return name }
        }
    }
}
