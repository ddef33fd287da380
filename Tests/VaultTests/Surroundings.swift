import Foundation
import TestSupport

/// A directory beside a home directory, with files that no session may show or change.
struct Surroundings {
    static let marker = "lies outside of the home"

    let directory: URL
    private let before: [String]

    /// Makes the directory `outside` beside the fixture's home.
    ///
    /// - Parameter stored: a stored file that the fixture's own key decrypts.
    init(_ fixture: HomeFixture, stored: Data) throws {
        directory = fixture.scratch.url.appending(path: "outside")
        try FileManager.default.createDirectory(at: directory.appending(path: "sub"), withIntermediateDirectories: true)
        for name in ["x.gpg", "sub/x.gpg", "only-outside.gpg"] { try stored.write(to: directory.appending(path: name)) }
        try Data(Self.marker.utf8).write(to: directory.appending(path: "plain"))
        before = try Self.snapshot(directory)
    }

    /// The names, types, permissions, owners, sizes, times and contents of all files.
    static func snapshot(_ directory: URL) throws -> [String] {
        let names = [""] + (try FileManager.default.subpathsOfDirectory(atPath: directory.path)).sorted()
        return try names.map { name in
            var status = stat()
            let path = directory.appending(path: name).path
            guard lstat(path, &status) == 0 else { throw POSIXError(.ENOENT) }
            let isFile = status.st_mode & S_IFMT == S_IFREG
            let contents = isFile ? try Data(contentsOf: URL(filePath: path)).hashValue : 0
            return "\(name) \(status.st_mode) \(status.st_uid) \(status.st_nlink) \(isFile ? status.st_size : 0) "
                + "\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec) \(contents)"
        }
    }

    /// The entries that have changed since the directory was made.
    func changes() throws -> [String] {
        let now = try Self.snapshot(directory)
        return Set(now).symmetricDifference(before).sorted()
    }
}

/// A process that exchanges two names again and again.
final class Swapper {
    private let process: ChildProcess

    /// - Parameters:
    ///   - one: a path, and
    ///   - other: another on the same file system.
    ///   - pause: seconds between two exchanges, at most.
    init(_ one: String, _ other: String, pause: Double) throws {
        let script = """
            import ctypes, os, random, sys, time
            library, parent = ctypes.CDLL(None, use_errno=True), os.getppid()
            one, other = (os.fsencode(name) for name in sys.argv[1:3])
            while os.getppid() == parent:
                library.renameat2(-100, one, -100, other, 2)  # AT_FDCWD, RENAME_EXCHANGE
                time.sleep(random.random() * float(sys.argv[3]))
            """
        process = try ChildProcess("/usr/bin/python3", ["-c", script, one, other, "\(pause)"])
    }

    func stop() {
        process.signal(SIGKILL)
        _ = process.wait()
    }
}
