/// One SFTP session: bytes in, bytes out, in request order.
///
/// It owns no socket, no thread and no clock. Its owner feeds it with ``receive(_:)``, calls ``serveNext(into:)`` until
/// that returns false, sends the output, and calls ``end()`` when the channel is gone.
package struct SFTPSession {
    private let fileSystem: any FileSystem
    private var input = PacketBuffer()
    private var handles = HandleTable()
    private var initialized = false
    private var malformed = 0
    /// The directory that was read last.
    private var listing: Handle?

    package init(fileSystem: any FileSystem) {
        self.fileSystem = fileSystem
    }

    /// Takes bytes of the channel, cut anywhere.
    package mutating func receive(_ bytes: UnsafeRawBufferPointer) {
        input.append(bytes)
    }

    /// The number of open files.
    package var openFiles: Int { handles.files.count }

    /// Serves the next whole packet, if there is one, and appends its reply to `output`.
    ///
    /// - Returns: false when no whole packet is there.
    /// - Throws: ``ProtocolViolation``, after which the session has to end. A request that fails gets a reply and
    ///   throws nothing.
    package mutating func serveNext(into output: inout [UInt8]) throws(ProtocolViolation) -> Bool {
        guard let packet = try input.next() else { return false }
        var reader = PacketReader(packet)
        guard initialized else {
            try initialize(&reader, &output)
            return true
        }
        guard let code = try? reader.byte(), let id = try? reader.uint32() else {
            throw ProtocolViolation("a packet too short for a request")
        }
        if code == PacketType.initialize.rawValue { throw ProtocolViolation("a second INIT") }
        do throws(FileSystemError) {
            guard let type = PacketType(rawValue: code) else { throw FileSystemError.unsupported("unknown request") }
            let request = try Request(type, from: &reader)
            for need in request.needs { try permit(need) }
            try act(on: request, id: id, &output)
        } catch {
            try noteMalformed(error)
            Response.failed(error).append(to: &output, id: id)
        }
        return true
    }

    /// Reads ahead in the directory that was read last, while there is no request to serve.
    package mutating func prefetch() {
        guard let handle = listing else { return }
        listing = nil
        try? handles.directory(handle).prefetch(Limits.namesPerReply)
    }

    /// Abandons all open files: the client has gone without closing them.
    package mutating func end() {
        for file in handles.files { file.abandon() }
        handles.removeAll()
    }

    /// Answers INIT with version 3, which clients of later versions speak too.
    private mutating func initialize(_ reader: inout PacketReader, _ output: inout [UInt8]) throws(ProtocolViolation) {
        guard let code = try? reader.byte(), code == PacketType.initialize.rawValue, let version = try? reader.uint32()
        else { throw ProtocolViolation("the first packet is not INIT") }
        guard version >= 3 else { throw ProtocolViolation("the client speaks version \(version), this server 3") }
        initialized = true
        output.appendPacket(.version) {
            $0.append(uint32: 3)
            for (name, version) in ExtendedRequest.offered {
                $0.append(string: name.utf8)
                $0.append(string: version.utf8)
            }
        }
    }

    /// The access check, see ``Need``.
    private func permit(_ need: Need) throws(FileSystemError) {
        switch need {
        case .readHandle(let handle): try handles.permit(.read, on: handle)
        case .writeHandle(let handle): try handles.permit(.write, on: handle)
        case .see, .read, .create, .write, .change: try fileSystem.permit(need)
        }
    }

    /// Ends the session once the client has sent ``Limits/malformedPackets`` malformed requests.
    private mutating func noteMalformed(_ error: FileSystemError) throws(ProtocolViolation) {
        guard case .badMessage = error else { return }
        malformed += 1
        guard malformed < Limits.malformedPackets else {
            throw ProtocolViolation("\(malformed) malformed packets")
        }
    }

    /// Carries a permitted request out and appends its reply.
    private mutating func act(on request: Request, id: UInt32, _ output: inout [UInt8]) throws(FileSystemError) {
        let response: Response
        switch request {
        case .read(let handle, let offset, let length):
            return try read(handle, offset, length, id: id, &output)
        case .open(let path, let flags, let attributes): response = try open(path, flags, attributes)
        case .close(let handle): response = try close(handle)
        case .write(let handle, let offset, let bytes): response = try write(handle, offset, bytes)
        case .lstat(let path), .stat(let path): response = .attributes(try fileSystem.attributes(of: path))
        case .fstat(let handle): response = try fstat(handle)
        case .setstat(let path, let attributes):
            try fileSystem.setAttributes(attributes, of: path)
            response = .ok
        case .fsetstat(let handle, let attributes):
            try handles.file(handle).setAttributes(attributes)
            response = .ok
        case .opendir(let path): response = try openDirectory(path)
        case .readdir(let handle): response = try readDirectory(handle)
        case .remove(let path):
            try fileSystem.remove(path)
            response = .ok
        case .mkdir(let path, let attributes):
            try fileSystem.makeDirectory(path, attributes)
            response = .ok
        case .rmdir(let path):
            try fileSystem.removeDirectory(path)
            response = .ok
        case .realpath(let path): response = .names([.bare(path.bytes)])
        case .rename(let old, let new):
            try fileSystem.rename(old, to: new, existing: .keep)
            response = .ok
        case .readlink, .symlink: throw .unsupported("this server has no symbolic links")
        case .extended(let extended): response = try act(on: extended)
        }
        response.append(to: &output, id: id)
    }

    private mutating func act(on request: ExtendedRequest) throws(FileSystemError) -> Response {
        switch request {
        case .posixRename(let old, let new):
            try fileSystem.rename(old, to: new, existing: .replace)
            return .ok
        case .statvfs(let path): return .statistics(try fileSystem.statistics(of: path))
        case .fstatvfs(let handle): return try fstatvfs(handle)
        case .fsync(let handle):
            try handles.file(handle).synchronize()
            return .ok
        case .lsetstat(let path, let attributes):
            guard attributes.size == nil else { throw .badMessage("lsetstat@ cannot set a size") }
            try fileSystem.setAttributes(attributes, of: path)
            return .ok
        case .limits: return .limits
        case .expandPath(let path): return .names([.bare(try expand(path).bytes)])
        case .homeDirectory(let user):
            guard user.isEmpty || user.elementsEqual(fileSystem.userName.utf8) else {
                throw .noSuchFile("no such user")
            }
            return .names([.bare(VirtualPath.root.bytes)])
        case .copyData(let copy):
            try copy.carryOut(from: handles.file(copy.source), to: handles.file(copy.target), in: fileSystem)
            return .ok
        case .checkFile(let check): return .extended(try reply(to: check))
        case .namesByID(let request):
            return .extended(request.reply(owner: fileSystem.owner, name: fileSystem.userName))
        }
    }

    private func reply(to check: CheckFile) throws(FileSystemError) -> [UInt8] {
        switch check.object {
        case .handle(let handle): return try check.reply(handles.file(handle), in: fileSystem)
        case .path(let path):
            return try fileSystem.reading(path) { file throws(FileSystemError) in
                try check.reply(file, in: fileSystem)
            }
        }
    }
}

/// The requests that use the handle table.
extension SFTPSession {
    private mutating func open(
        _ path: VirtualPath, _ flags: OpenFlags, _ attributes: FileAttributes
    ) throws(FileSystemError) -> Response {
        guard flags.contains(.read) || flags.contains(.write) else {
            throw .failure("OPEN asks neither to read nor to write")
        }
        try handles.admit()
        return .handle(handles.insert(.file(try fileSystem.open(path, flags, attributes), flags)))
    }

    private mutating func openDirectory(_ path: VirtualPath) throws(FileSystemError) -> Response {
        try handles.admit()
        return .handle(handles.insert(.directory(try fileSystem.openDirectory(path))))
    }

    private mutating func close(_ handle: Handle) throws(FileSystemError) -> Response {
        if case .file(let file, _) = try handles.remove(handle) { try file.close() }
        return .ok
    }

    private func write(
        _ handle: Handle, _ offset: UInt64, _ bytes: ArraySlice<UInt8>
    ) throws(FileSystemError) -> Response {
        guard !offset.addingReportingOverflow(UInt64(bytes.count)).overflow else {
            throw .failure("the offset is too large")
        }
        try handles.file(handle).write(bytes, at: offset)
        return .ok
    }

    /// Answers READ straight into the output, which saves a copy.
    private func read(
        _ handle: Handle, _ offset: UInt64, _ length: UInt32, id: UInt32, _ output: inout [UInt8]
    ) throws(FileSystemError) {
        let file = try handles.file(handle)
        let count = min(Int(length), Limits.dataLength)
        try output.appendPacket(.data) { packet throws(FileSystemError) in
            packet.append(uint32: id)
            let start = packet.count
            packet.append(uint32: 0)
            if count > 0 { try file.read(at: offset, count: count, into: &packet) }
            packet.patch(uint32: UInt32(truncatingIfNeeded: packet.count - start - 4), at: start)
        }
    }

    private func fstat(_ handle: Handle) throws(FileSystemError) -> Response {
        switch try handles.entry(handle) {
        case .file(let file, _): .attributes(try file.attributes())
        case .directory(let directory): .attributes(try directory.attributes())
        }
    }

    private func fstatvfs(_ handle: Handle) throws(FileSystemError) -> Response {
        switch try handles.entry(handle) {
        case .file(let file, _): .statistics(try file.statistics())
        case .directory(let directory): .statistics(try directory.statistics())
        }
    }

    private mutating func readDirectory(_ handle: Handle) throws(FileSystemError) -> Response {
        let entries = try handles.directory(handle).next(Limits.namesPerReply)
        guard !entries.isEmpty else { throw .endOfFile }
        listing = handle
        return .names(entries)
    }

    /// Expands `~` and `~user` to the root.
    ///
    /// Other users are treated like users that do not exist.
    private func expand(_ path: ArraySlice<UInt8>) throws(FileSystemError) -> VirtualPath {
        guard path.first == UInt8(ascii: "~") else { return try VirtualPath(parsing: path) }
        let user = path.dropFirst().prefix { $0 != UInt8(ascii: "/") }
        guard user.isEmpty || user.elementsEqual(fileSystem.userName.utf8) else { throw .noSuchFile("no such user") }
        return try VirtualPath(parsing: path.dropFirst(1 + user.count))
    }
}
