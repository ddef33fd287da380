private import CLinux
private import Glibc

/// What of this machine lets secrets reach a disk, or leaves sessions unconfined.
package struct MachineHazard: Equatable, Sendable {
    /// The path that it is about.
    package let path: String
    package let what: String
    /// What to do next.
    package let advice: String

    /// What there is of it here.
    package static var all: [MachineHazard] {
        swapSpaces() + [unlockedMemory, missingLandlock, missingSeccomp].compactMap(\.self)
    }

    // MARK: Swap space

    /// The swap spaces that are neither in memory nor encrypted (proc(5), `/proc/swaps`).
    private static func swapSpaces() -> [MachineHazard] {
        lines(of: "/proc/swaps").dropFirst().compactMap { line -> MachineHazard? in
            // The kernel writes a space in a name as \040.
            guard let field = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).first else { return nil }
            let path = String(field).replacing("\\040", with: " ")
            var status = stat()
            if stat(path, &status) == 0 {
                let isDevice = status.st_mode & S_IFMT == S_IFBLK
                if keepsSecrets(isDevice ? status.st_rdev : status.st_dev) { return nil }
            }
            return MachineHazard(
                path: path, what: "this swap space is not encrypted: parts of files and keys can stay on the disk",
                advice: "have none (swapoff), or one in memory (zram), or an encrypted one (dm-crypt)")
        }
    }

    /// Whether what is written to a block device is encrypted, or stays in memory.
    private static func keepsSecrets(_ device: dev_t) -> Bool {
        // The numbers of a device in the form that Linux gives them to programs (makedev(3)).
        let (major, minor) = (device >> 8 & 0xfff, device & 0xff | device >> 12 & 0xfff00)
        return keepsSecrets(at: "/sys/dev/block/\(major):\(minor)", depth: 0)
    }

    /// - Parameter depth: of the devices that this one is made of; a bound for a loop that cannot be.
    private static func keepsSecrets(at directory: String, depth: Int) -> Bool {
        if lines(of: directory + "/dm/uuid").first?.hasPrefix("CRYPT-") == true { return true }
        if access(directory + "/mem_limit", F_OK) == 0 || access(directory + "/comp_algorithm", F_OK) == 0 {
            // zram writes pages to another device if it is given one.
            let backing = lines(of: directory + "/backing_dev").first ?? "none"
            return backing == "none"
        }
        // A logical volume is as safe as all that it lies on.
        let below = names(in: directory + "/slaves")
        return depth < 8 && !below.isEmpty
            && below.allSatisfy { keepsSecrets(at: "\(directory)/slaves/\($0)", depth: depth + 1) }
    }

    // MARK: Memory and confinement

    /// Bytes that a session with some open files locks.
    private static let lockedBytes = 1 << 20

    private static var unlockedMemory: MachineHazard? {
        let memory = mmap(nil, lockedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else { return nil }
        defer { munmap(memory, lockedBytes) }
        guard mlock(memory, lockedBytes) != 0 else { return nil }
        return MachineHazard(
            path: "RLIMIT_MEMLOCK", what: "memory cannot be locked: passphrases and keys can be swapped out",
            advice: "raise the limit of locked memory (ulimit -l; LimitMEMLOCK in a systemd unit)")
    }

    private static var missingLandlock: MachineHazard? {
        guard linux_landlock_version() == 0 else { return nil }
        return MachineHazard(
            path: "Landlock", what: "this kernel does not confine sessions to their files",
            advice: "use a kernel with Landlock (5.13 or newer, with landlock among the lsm= of its command line)")
    }

    private static var missingSeccomp: MachineHazard? {
        guard linux_seccomp_is_there() == 0 else { return nil }
        return MachineHazard(
            path: "seccomp", what: "this kernel does not restrict the system calls of sessions",
            advice: "use a kernel with seccomp filters")
    }

    // MARK: Files of /proc and /sys

    private static func lines(of path: String) -> [Substring] {
        guard let file = try? OwnedDescriptor(path: path, O_RDONLY) else { return [] }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while let count = try? buffer.withUnsafeMutableBytes({ (bytes) throws(SystemError) in
            try FileIO.readOnce(file.raw, into: bytes)
        }), count > 0 {
            text += buffer[..<count]
        }
        return String(decoding: text, as: UTF8.self).split(separator: "\n")
    }

    private static func names(in path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let start = UnsafeRawPointer(entry) + (MemoryLayout<dirent>.offset(of: \.d_name) ?? 0)
            let name = String(cString: start.assumingMemoryBound(to: CChar.self))
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}
