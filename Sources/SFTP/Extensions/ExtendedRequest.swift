/// The extensions this server offers and announces in its VERSION.
///
/// Source: OpenSSH's `PROTOCOL`, section 4; `home-directory` and `check-file` are from
/// draft-ietf-secsh-filexfer-extensions-00.
package enum ExtendedRequest {
    case posixRename(from: VirtualPath, to: VirtualPath)
    case statvfs(VirtualPath)
    case fstatvfs(Handle)
    case fsync(Handle)
    case lsetstat(VirtualPath, FileAttributes)
    case limits
    case expandPath(ArraySlice<UInt8>)
    case homeDirectory(user: ArraySlice<UInt8>)
    case copyData(CopyData)
    case checkFile(CheckFile)
    case namesByID(NamesByID)

    /// Names and versions as VERSION lists them.
    package static let offered: [(name: String, version: String)] = [
        ("posix-rename@openssh.com", "1"),
        ("statvfs@openssh.com", "2"),
        ("fstatvfs@openssh.com", "2"),
        ("fsync@openssh.com", "1"),
        ("lsetstat@openssh.com", "1"),
        ("limits@openssh.com", "1"),
        ("expand-path@openssh.com", "1"),
        ("home-directory", "1"),
        ("copy-data", "1"),
        // The draft announces the first of these, VanDyke's server the second; WinSCP takes either.
        ("check-file", "1"),
        ("check-file-name", "1"),
        ("check-file-handle", "1"),
        ("users-groups-by-id@openssh.com", "1"),
    ]

    /// Reads the name and the fields of one extension.
    ///
    /// - Throws: ``FileSystemError/unsupported(_:)`` for a name not offered, and as ``Request`` does.
    init(from reader: inout PacketReader) throws(FileSystemError) {
        let name = try String(decoding: reader.string(), as: UTF8.self)
        switch name {
        case "posix-rename@openssh.com":
            self = try .posixRename(from: VirtualPath(from: &reader), to: VirtualPath(from: &reader))
        case "statvfs@openssh.com": self = try .statvfs(VirtualPath(from: &reader))
        case "fstatvfs@openssh.com": self = try .fstatvfs(Handle(from: &reader))
        case "fsync@openssh.com": self = try .fsync(Handle(from: &reader))
        case "lsetstat@openssh.com":
            self = try .lsetstat(VirtualPath(from: &reader), FileAttributes(from: &reader))
        case "limits@openssh.com": self = .limits
        case "expand-path@openssh.com": self = try .expandPath(reader.string())
        case "home-directory": self = try .homeDirectory(user: reader.string())
        case "copy-data": self = try .copyData(CopyData(from: &reader))
        case "check-file", "check-file-name", "check-file-handle":
            self = try .checkFile(CheckFile(name, from: &reader))
        case "users-groups-by-id@openssh.com": self = try .namesByID(NamesByID(from: &reader))
        default: throw .unsupported("this server does not offer that extension")
        }
    }
}
