internal import Foundation
internal import SFTP

/// What the file system that a vault lies on can and cannot hold.
package struct Volume: Sendable, Equatable {
    /// Whether new names have to suit FAT, exFAT, NTFS and Windows.
    var isPortable = false
    /// Whether looking for a name also finds one that differs in case.
    var comparesWithoutCase = false
    /// Whether a name that is not UTF-8 must not even be asked for: a driver has been seen to end by it.
    var isUTF8Only = false
    /// Whether it holds letters that are not ASCII.
    var holdsUnicode = true
    /// Whether files belong to somebody, and others can be kept from reading them.
    package private(set) var hasPermissions = true
    /// The largest file, in bytes; nil for one that no disk is large enough for.
    var largestFile: UInt64?

    /// The forms in which a new name may be stored; later ones are for when earlier ones are taken in another case.
    var forms: [NameForm] {
        let first = NameForm(isPortable: isPortable, isASCII: !holdsUnicode)
        guard isPortable || comparesWithoutCase else { return [first] }
        return [
            first, NameForm(isASCII: !holdsUnicode, letters: .firstEscaped),
            NameForm(isASCII: true, letters: .allEscaped),
        ]
    }

    /// An ordinary file system of Linux.
    init() {}

    /// Finds out what names in a directory mean, as far as that can be done without making a file.
    package init(reading directory: Directory) {
        self.init(directory, FileSystemType(of: directory))
    }

    private init(_ directory: Directory, _ type: FileSystemType) {
        comparesWithoutCase =
            type.isForeign || ((try? directory.status(Array(".CRYPTSFTP-DRAFTS".utf8))) ?? nil) != nil
        isUTF8Only = type.isForeign
        hasPermissions = !type.isForeign
        if type.isFAT { largestFile = UInt64(UInt32.max) }
        isPortable = type.isForeign
    }

    /// Finds out what a directory lies on.
    ///
    /// - Parameters:
    ///   - data: the data directory. Where its file system's type does not tell, a file is made in its drafts
    ///     directory.
    ///   - isPortable: whether names are to be portable wherever they are.
    package init(of data: Directory, isPortable: Bool = false) {
        let type = FileSystemType(of: data)
        self.init(data, type)
        if isPortable { self.isPortable = true }
        guard !type.isKnown, let drafts = try? DraftFile.directory(in: data) else { return }
        if !type.isForeign, !drafts.holds("a:b?"), drafts.holds("ab") { self.isPortable = true }
        if self.isPortable, !drafts.holds("äb"), drafts.holds("ab") { holdsUnicode = false }
    }
}

/// The type of a file system, from the list of mounts: what stands behind FUSE is told nowhere else.
///
/// Source: proc(5), `/proc/pid/mountinfo`.
private struct FileSystemType {
    /// Whether it is one of those that Windows uses.
    var isForeign = false
    var isFAT = false
    /// Whether it is one that holds every name.
    var isKnown = false

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
            // "fuseblk" are the drivers for exFAT and NTFS that have a disk to themselves.
            isForeign =
                isFAT || type.contains("fat") || type.contains("ntfs") || type == "fuseblk"
                || Self.shares.contains(type)
        }
    }
}

extension Directory {
    /// Whether a file can have the name here, and is listed under it.
    fileprivate func holds(_ text: String) -> Bool {
        let name = Array("\(text)-\(UInt32.random(in: .min ... .max))".utf8)
        guard let descriptor = try? createFile(name, mode: 0o600) else { return false }
        close(descriptor)
        defer { try? removeFile(name) }
        return (try? lists { $0 == name }) ?? false
    }

    /// Whether a listing shows such a name.
    func lists(_ isMeant: ([UInt8]) -> Bool) throws(FileSystemError) -> Bool {
        let names = try DirectoryStream(self)
        while let name = try names.next() { if isMeant(name) { return true } }
        return false
    }
}
