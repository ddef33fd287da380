/// The permissions that each request needs.
extension Request {
    package var needs: [Need] {
        switch self {
        case .open(let path, let flags, _): Request.needs(opening: path, flags)
        case .close, .fstat, .readdir: []  // The decision was made when the handle was opened.
        case .read(let handle, _, _): [.readHandle(handle)]
        case .write(let handle, _, _): [.writeHandle(handle)]
        case .lstat(let path), .stat(let path), .opendir(let path): [.see(path)]
        case .setstat(let path, _): [.change(path)]
        case .fsetstat(let handle, _): [.writeHandle(handle)]
        case .remove(let path), .rmdir(let path): [.change(path)]
        case .mkdir(let path, _): [.create(path)]
        case .realpath: []  // Lexical: the answer does not depend on what exists.
        case .rename(let from, let to): [.change(from), .create(to)]
        case .readlink, .symlink: []  // Not offered.
        case .extended(let request): request.needs
        }
    }

    private static func needs(opening path: VirtualPath, _ flags: OpenFlags) -> [Need] {
        var needs: [Need] = []
        if flags.contains(.read) { needs.append(.read(path)) }
        if flags.contains(.write) {
            needs.append(.write(path))
        } else if flags.contains(.create) {
            needs.append(.create(path))
        }
        return needs
    }
}

extension ExtendedRequest {
    fileprivate var needs: [Need] {
        switch self {
        case .posixRename(let from, let to): [.change(from), .write(to)]
        case .statvfs(let path): [.see(path)]
        case .lsetstat(let path, _): [.change(path)]
        case .copyData(let copy): [.readHandle(copy.source), .writeHandle(copy.target)]
        case .checkFile(let check):
            switch check.object {
            case .path(let path): [.read(path)]
            case .handle(let handle): [.readHandle(handle)]
            }
        case .fsync, .fstatvfs, .limits, .expandPath, .homeDirectory, .namesByID: []
        }
    }
}
