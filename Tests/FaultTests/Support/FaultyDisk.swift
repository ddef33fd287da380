import Foundation
import TestSupport

/// A data directory on a file system that fails on demand; `Scripts/faulty_disk.py` tells how.
final class FaultyDisk {
    /// Where the server sees it.
    let mount: URL
    /// What really lies there, faults or not.
    let backing: URL
    private let switches: URL
    private let scratch: Scratch
    private let process: ChildProcess

    /// Why this machine cannot mount, tried once; nil when it can.
    static let obstacle: String? = {
        guard access("/dev/fuse", R_OK | W_OK) == 0 else { return "there is no /dev/fuse to be used" }
        let probe = try? Command.run(
            "/usr/bin/python3", ["-c", "import fusepy"])
        guard probe?.status == 0 else { return "the package python3-fusepy is missing" }
        return Result { try FaultyDisk() }.failureDescription
    }()

    init() throws {
        scratch = try Scratch()
        mount = scratch.url.appending(path: "mount")
        backing = scratch.url.appending(path: "backing")
        for directory in [mount, backing] {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        }
        switches = try scratch.file("switches", Data())
        let errors = try scratch.file("errors", Data())
        let script = Checkout.path("Tests/FaultTests/Scripts/faulty_disk.py")
        process = try ChildProcess(
            "/usr/bin/python3", [script, backing.path, mount.path, switches.path],
            streams: [.null, .writing(errors), .writing(errors)])
        try waitUntil("the file system is mounted") { [mount, process] in
            Mounts.contains(mount) || !process.isRunning
        }
        guard Mounts.contains(mount) else {
            throw Unexpected(description: try String(contentsOf: errors, encoding: .utf8))
        }
    }

    deinit {
        Mounts.remove(mount)
        _ = process.wait(seconds: 10)
    }

    /// Lets it fail from now on.
    ///
    /// - Parameter faults: an operation and an error's name each, as in `fsync EIO`; none to let it be well again.
    func fail(_ faults: String...) throws {
        // In one step: the file system reads it all the time.
        try Data(faults.map { $0 + "\n" }.joined().utf8).write(to: switches, options: .atomic)
    }
}

/// A data directory with little room.
final class SmallDisk {
    let mount: URL
    private let scratch: Scratch

    /// Why this machine cannot mount, tried once; nil when it can.
    static let obstacle: String? = Result { try SmallDisk(megabytes: 1) }.failureDescription

    init(megabytes: Int) throws {
        scratch = try Scratch()
        mount = scratch.url.appending(path: "mount")
        try FileManager.default.createDirectory(at: mount, withIntermediateDirectories: true)
        try run("mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m", "cryptsftp-test", mount.path])
    }

    deinit { Mounts.remove(mount) }

    /// Makes it a read-only medium, or a writable one again; nothing may be open for writing.
    func remount(readOnly: Bool) throws {
        try run("mount", ["-o", "remount,\(readOnly ? "ro" : "rw")", mount.path])
    }

    /// Fills it with a file until `room` bytes are left, in whole blocks of the file system.
    func fill(leaving room: Int) throws {
        let filler = mount.appending(path: "filler")
        let figures = try FileManager.default.attributesOfFileSystem(forPath: mount.path)
        let free = (figures[.systemFreeSize] as? Int ?? 0) - room
        try Data(count: max(0, free)).write(to: filler)
    }

    func empty() throws { try FileManager.default.removeItem(at: mount.appending(path: "filler")) }

    private func run(_ program: String, _ arguments: [String]) throws {
        let run = try Command.run(program, arguments)
        guard run.status == 0 else { throw Unexpected(description: "\(program): \(run.errors)") }
    }
}

extension Result {
    /// Why it is a failure; nil when it is none.
    fileprivate var failureDescription: String? {
        if case .failure(let error) = self { "\(error)" } else { nil }
    }
}
