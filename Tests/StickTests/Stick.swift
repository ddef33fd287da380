import Foundation
import TestSupport
import Testing

/// A data directory on a medium of its own: an image with a real file system, mounted as users mount theirs.
final class Stick {
    enum Kind: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case exFAT
        case FAT
        /// As a control: what holds every name.
        case ext4
        case tmpfs

        var testDescription: String { rawValue }

        /// Whether names have to be written so that Windows can use them.
        var isPortable: Bool { self == .exFAT || self == .FAT }

        fileprivate var isInKernel: Bool {
            let known = (try? String(contentsOfFile: "/proc/filesystems", encoding: .utf8)) ?? ""
            let name = self == .FAT ? "vfat" : rawValue.lowercased()
            return known.split(separator: "\n").contains { $0.hasSuffix("\t" + name) }
        }
    }

    let kind: Kind
    let mount: URL
    private let scratch: Scratch
    private let image: URL
    private var loop: String?
    /// The process that is the file system; nil when the kernel is.
    private(set) var driver: ChildProcess?

    /// Those that this machine can mount, tried once.
    ///
    /// It is printed why not the others. A short run leaves out those that hold every name.
    static let available: [Kind] = Kind.allCases.filter { $0.isPortable || Effort.isFull }.filter { kind in
        do {
            _ = try Stick(kind, megabytes: 48)
            return true
        } catch {
            print("skipped: no \(kind) can be mounted here: \(error)")
            return false
        }
    }

    /// Those whose driver is a process that can be killed.
    static let pulled: [Kind] = available.filter { kind in
        let isProcess = (try? Stick(kind, megabytes: 48))?.driver != nil
        if !isProcess { print("skipped: a \(kind) cannot be pulled here: its driver is no process") }
        return isProcess
    }

    /// - Parameter megabytes: the size; of it only what is written takes room.
    init(_ kind: Kind, megabytes: Int = 256) throws {
        self.kind = kind
        scratch = try Scratch()
        mount = scratch.url.appending(path: "stick")
        image = scratch.url.appending(path: "image")
        try FileManager.default.createDirectory(at: mount, withIntermediateDirectories: true)
        if kind == .tmpfs {
            try run("mount", "-t", "tmpfs", "cryptsftp-test", mount.path)
            return
        }
        try run("truncate", "-s", "\(megabytes)M", image.path)
        switch kind {
        case .exFAT: try run("mkfs.exfat", image.path)
        case .FAT: try run("mkfs.vfat", "-F", "32", image.path)
        default: try run("mkfs.ext4", "-q", "-F", image.path)
        }
        try attach()
    }

    deinit { detach() }

    /// Plugs it in.
    func attach() throws {
        if kind.isInKernel {
            let options = kind == .FAT ? "loop,utf8" : "loop"
            return try run(
                "mount", "-t", kind == .FAT ? "vfat" : kind.rawValue.lowercased(), "-o", options, image.path, mount.path
            )
        }
        let errors = try scratch.file("errors", Data())
        let line: [String]
        if kind == .exFAT {
            let attached = try Command.run("losetup", ["-f", "--show", image.path])
            guard attached.status == 0 else { throw Unexpected(description: attached.errors) }
            let device = attached.text.trimmingCharacters(in: .whitespacesAndNewlines)
            loop = device
            line = ["mount.exfat-fuse", "-d", device, mount.path]
        } else {
            line = ["fusefat", "-f", "-s", "-o", "rw+", image.path, mount.path]
        }
        let driver = try ChildProcess(
            line[0], Array(line.dropFirst()), streams: [.null, .null, .writing(errors)])
        self.driver = driver
        try waitUntil("it is mounted") { [mount] in Mounts.contains(mount) || !driver.isRunning }
        guard Mounts.contains(mount) else { throw Unexpected(description: "\(line[0]) ended: \(driver.wait())") }
    }

    /// Takes it out in order.
    func detach() {
        _ = try? Command.run("umount", [mount.path])
        Mounts.remove(mount)
        _ = driver?.wait(seconds: 20)
        release()
    }

    /// Pulls it out: what the driver has not written is lost.
    func pull() {
        driver?.signal(SIGKILL)
        _ = driver?.wait()
    }

    /// Takes away what is left of one that was pulled.
    func clearAway() {
        Mounts.remove(mount)
        release()
    }

    private func release() {
        driver = nil
        if let loop { _ = try? Command.run("losetup", ["-d", loop]) }
        loop = nil
    }

    /// What its checker finds, while it is detached; repairs what it can.
    func check() throws -> (isWell: Bool, text: String) {
        let (program, arguments) =
            switch kind {
            case .exFAT: ("fsck.exfat", ["-y"])
            case .FAT: ("fsck.vfat", ["-a"])
            default: ("fsck.ext4", ["-p", "-f"])
            }
        let run = try Command.run(program, arguments + [image.path])
        return (run.status < 2, run.text + run.errors)
    }

    private func run(_ program: String, _ arguments: String...) throws {
        let run = try Command.run(program, arguments)
        guard run.status == 0 else { throw Unexpected(description: "\(program): \(run.errors)") }
    }
}
