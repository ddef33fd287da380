internal import SFTP

/// The names and sizes that the file system of a vault can hold.
package struct Volume: Sendable, Equatable {
    /// Whether new names have to suit FAT, exFAT, NTFS and Windows.
    var isPortable = false
    /// Whether looking up a name also finds one that differs in case.
    var comparesWithoutCase = false
    /// Whether only names in UTF-8 may be looked up, because a driver is known to crash on others.
    var isUTF8Only = false
    /// Whether names may have letters that are not ASCII.
    var holdsUnicode = true
    /// Whether files have owners and permissions.
    package private(set) var hasPermissions = true
    /// The size of the largest possible file, in bytes; nil when only the disk limits it.
    var largestFile: UInt64?

    /// The forms in which a new name may be stored; the later ones are used when the earlier ones are taken in another
    /// case.
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

    /// Examines the file system of a directory without making a file on it.
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

    /// Examines the file system of a data directory.
    ///
    /// - Parameters:
    ///   - data: the data directory. When the type of its file system is unknown, files are made in its drafts
    ///     directory to find out.
    ///   - isPortable: whether names are to be portable on every file system.
    package init(of data: Directory, isPortable: Bool = false) {
        let type = FileSystemType(of: data)
        self.init(data, type)
        if isPortable { self.isPortable = true }
        guard !type.isKnown, let drafts = try? DraftsDirectory.open(in: data) else { return }
        if !type.isForeign, !drafts.canStore(nameLike: "a:b?"), drafts.canStore(nameLike: "ab") {
            self.isPortable = true
        }
        if self.isPortable, !drafts.canStore(nameLike: "äb"), drafts.canStore(nameLike: "ab") { holdsUnicode = false }
    }
}
