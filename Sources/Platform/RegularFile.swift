private import Glibc

/// Reads small files that other people may have put in the place of ours: settings and keys.
///
/// A pipe is not waited for, a device is not read, and a file without end does not fill the memory.
package enum RegularFile {
    /// What is done with a symbolic link under the last name of a path.
    package enum Links {
        case refused
        /// The link may lead to a regular file.
        case followed
    }

    /// Why a file is not read.
    package struct Failure: Error, Equatable, CustomStringConvertible {
        /// The error number that a system call gave or would give; `ENOENT` when there is no such file.
        package let number: Int32
        package let description: String
    }

    /// The most bytes of a settings file or a key file.
    package static let longest = 1 << 20

    /// Opens a file for reading, if it is a regular one.
    ///
    /// The C functions are `open` (with `O_NONBLOCK`, and with `O_NOFOLLOW` for ``Links/refused``) and `fstat`.
    ///
    /// - Throws: ``Failure``.
    package static func open(_ path: String, links: Links = .refused) throws(Failure) -> OwnedDescriptor {
        let flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | (links == .refused ? O_NOFOLLOW : 0)
        do throws(SystemError) {
            let file = try OwnedDescriptor(path: path, flags)
            guard try file.status().st_mode & S_IFMT == S_IFREG else { throw SystemError(notRegular) }
            return file
        } catch {
            throw Failure(error, links)
        }
    }

    /// Reads a whole file.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - links: whether it may be a symbolic link.
    ///   - limit: the most bytes that it may have, also when it grows meanwhile.
    /// - Throws: ``Failure``.
    package static func read(
        _ path: String, links: Links = .refused, limit: Int = longest
    ) throws(Failure) -> [UInt8] {
        let file = try open(path, links: links)
        do throws(SystemError) {
            return try readAll(file, limit)
        } catch {
            throw Failure(error, links, limit)
        }
    }

    /// Reads a file that a person has named on the command line: whatever it is, a pipe and standard input included.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - limit: the most bytes that it may have.
    /// - Throws: ``Failure``.
    package static func readNamed(_ path: String, limit: Int = longest) throws(Failure) -> [UInt8] {
        do throws(SystemError) {
            return try readAll(OwnedDescriptor(path: path, O_RDONLY | O_NOCTTY), limit)
        } catch {
            throw Failure(error, .followed, limit)
        }
    }

    /// Reads an open file to its end.
    ///
    /// - Throws: `EFBIG` for more than `limit` bytes.
    private static func readAll(_ file: OwnedDescriptor, _ limit: Int) throws(SystemError) -> [UInt8] {
        defer { withExtendedLifetime(file) {} }
        let size = Int(try file.status().st_size)
        guard size <= limit else { throw SystemError(EFBIG) }
        // One byte more than it says: the end is seen at once. Files of /proc say 0, and others may grow.
        var bytes = [UInt8](repeating: 0, count: size + 1)
        var filled = 0
        while true {
            let count = try bytes.withUnsafeMutableBytes { buffer in
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                return Result { () throws(SystemError) in try FileIO.readOnce(file.raw, into: rest) }
            }.get()
            guard count > 0 else { break }
            filled += count
            guard filled <= limit else { throw SystemError(EFBIG) }
            if filled == bytes.count { bytes += [UInt8](repeating: 0, count: max(filled, 4096)) }
        }
        bytes.removeLast(bytes.count - filled)
        return bytes
    }
}

/// The number of the error for a file of another kind; Linux has none, and no system call gives this one for a file.
private let notRegular = EBADFD

extension RegularFile.Failure {
    fileprivate init(_ error: SystemError, _ links: RegularFile.Links, _ limit: Int = RegularFile.longest) {
        number = error.number
        description =
            switch error.number {
            case notRegular: "it is not a regular file"
            case EFBIG: "it is larger than \(limit >> 10) KiB"
            case ELOOP where links == .refused: "it is a symbolic link, which is not followed here"
            default: error.description
            }
    }
}
