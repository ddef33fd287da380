private import CLinux
internal import Foundation

/// The names in a folder, one after the other, however many.
///
/// The C functions are `fdopendir` and `readdir`.
final class DirectoryStream {
    private let stream: OpaquePointer

    /// - Returns: nil when the folder cannot be read.
    init?(_ folder: Folder) {
        // A description of its own, so that two listings of one folder do not share a position.
        let descriptor = [UInt8(ascii: ".")].withCString {
            linux_openat(folder.descriptor, $0, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        }
        guard descriptor >= 0 else { return nil }
        guard let stream = fdopendir(descriptor) else {
            close(descriptor)
            return nil
        }
        self.stream = stream
    }

    deinit {
        closedir(stream)
    }

    /// The next name, `.` and `..` left out; nil at the end.
    func next() -> [UInt8]? {
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name != [UInt8(ascii: ".")] && name != [UInt8(ascii: "."), UInt8(ascii: ".")] { return name }
        }
        return nil
    }
}
