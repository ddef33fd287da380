/// A parsed request.
///
/// Source: draft-ietf-secsh-filexfer-02, section 6.
package enum Request {
    case open(VirtualPath, OpenFlags, FileAttributes)
    case close(Handle)
    case read(Handle, offset: UInt64, length: UInt32)
    case write(Handle, offset: UInt64, ArraySlice<UInt8>)
    case lstat(VirtualPath)
    case fstat(Handle)
    case setstat(VirtualPath, FileAttributes)
    case fsetstat(Handle, FileAttributes)
    case opendir(VirtualPath)
    case readdir(Handle)
    case remove(VirtualPath)
    case mkdir(VirtualPath, FileAttributes)
    case rmdir(VirtualPath)
    case realpath(VirtualPath)
    case stat(VirtualPath)
    case rename(from: VirtualPath, to: VirtualPath)
    case readlink
    case symlink
    case extended(ExtendedRequest)

    /// Reads the fields of a request of `type`; bytes after the last field are ignored, as OpenSSH does.
    ///
    /// - Throws: ``FileSystemError/badMessage(_:)`` when the fields do not fit the packet,
    ///   ``FileSystemError/failure(_:)`` for an impossible name or handle, and
    ///   ``FileSystemError/unsupported(_:)`` for a packet that is not a request.
    package init(_ type: PacketType, from reader: inout PacketReader) throws(FileSystemError) {
        switch type {
        case .open:
            self = try .open(
                .init(from: &reader), OpenFlags(rawValue: reader.uint32()), FileAttributes(from: &reader))
        case .close: self = try .close(Handle(from: &reader))
        case .read: self = try .read(Handle(from: &reader), offset: reader.uint64(), length: reader.uint32())
        case .write: self = try .write(Handle(from: &reader), offset: reader.uint64(), reader.string())
        case .lstat: self = try .lstat(.init(from: &reader))
        case .fstat: self = try .fstat(Handle(from: &reader))
        case .setstat: self = try .setstat(.init(from: &reader), FileAttributes(from: &reader))
        case .fsetstat: self = try .fsetstat(Handle(from: &reader), FileAttributes(from: &reader))
        case .opendir: self = try .opendir(.init(from: &reader))
        case .readdir: self = try .readdir(Handle(from: &reader))
        case .remove: self = try .remove(.init(from: &reader))
        case .mkdir: self = try .mkdir(.init(from: &reader), FileAttributes(from: &reader))
        case .rmdir: self = try .rmdir(.init(from: &reader))
        case .realpath: self = try .realpath(.init(from: &reader))
        case .stat: self = try .stat(.init(from: &reader))
        case .rename: self = try .rename(from: .init(from: &reader), to: .init(from: &reader))
        case .readlink: self = .readlink
        case .symlink: self = .symlink
        case .extended: self = try .extended(ExtendedRequest(from: &reader))
        case .initialize, .version, .status, .handle, .data, .name, .attributes, .extendedReply:
            throw .unsupported("a packet of type \(type.rawValue) is not a request")
        }
    }
}
