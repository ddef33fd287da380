internal import Foundation
internal import SFTP

/// The type of a file system according to the list of mounts, the only place that names the driver behind FUSE.
///
/// Source: proc(5), `/proc/pid/mountinfo`.
struct FileSystemType {
    /// Whether the file system is one that Windows uses.
    private(set) var isForeign = false
    private(set) var isFAT = false
    /// Whether the file system is known to hold every name.
    private(set) var isKnown = false

    private static let known: Set = ["ext2", "ext3", "ext4", "btrfs", "xfs", "tmpfs", "f2fs", "zfs", "overlay"]
    private static let shares: Set = ["cifs", "smb3", "smbfs"]

    init(of directory: Directory) {
        guard let device = try? directory.status().st_dev,
            let mounts = FileManager.default.contents(atPath: "/proc/self/mountinfo")
        else { return }
        let (major, minor) = (device >> 8 & 0xfff | device >> 32 & ~0xfff, device & 0xff | device >> 12 & ~0xff)
        for line in String(decoding: mounts, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 2, fields[2] == "\(major):\(minor)", let dash = fields.firstIndex(of: "-"),
                dash + 1 < fields.count
            else { continue }
            let type = fields[dash + 1].lowercased()
            isKnown = Self.known.contains(type)
            isFAT = type.hasSuffix("fat") && !type.hasSuffix("exfat") || type == "msdos"
            // "fuseblk" is the type of the drivers for exFAT and NTFS that use a block device.
            isForeign =
                isFAT || type.contains("fat") || type.contains("ntfs") || type == "fuseblk"
                || Self.shares.contains(type)
        }
    }
}
