/// `check-file-name`, `check-file-handle` and paramiko's `check-file`: hashes of a file, computed by the server.
///
/// Source: draft-ietf-secsh-filexfer-extensions-00, section 3.
package struct CheckFile {
    package enum Object {
        case path(VirtualPath)
        case handle(Handle)
    }

    package let object: Object
    /// The names of algorithms, separated by commas, the preferred one first.
    private let algorithms: ArraySlice<UInt8>
    private let offset: UInt64
    /// The number of bytes to hash; 0 for all up to the end of the file.
    private let length: UInt64
    /// The number of bytes that each hash covers; 0 for one hash of all.
    private let blockSize: UInt32
    /// Whether the reply starts with the name of the extension.
    ///
    /// In the draft, in ProFTPD and in WinSCP, the algorithm comes first. In paramiko the request is called
    /// `check-file`, and that name comes before the algorithm.
    private let isNamedInReply: Bool

    /// The smallest ``blockSize`` other than 0, from the draft.
    private static let smallestBlock: UInt32 = 256

    /// - Parameter name: the name of the extension, which has been read already.
    init(_ name: String, from reader: inout PacketReader) throws(FileSystemError) {
        object = try name == "check-file-name" ? .path(VirtualPath(from: &reader)) : .handle(Handle(from: &reader))
        algorithms = try reader.string()
        offset = try reader.uint64()
        length = try reader.uint64()
        blockSize = try reader.uint32()
        isNamedInReply = name == "check-file"
    }

    /// Hashes `file`.
    ///
    /// - Returns: the fields of the reply.
    /// - Throws: ``FileSystemError/unsupported(_:)`` when no algorithm is available,
    ///   ``FileSystemError/failure(_:)`` for blocks that are too small or too many, and the errors of reading.
    func reply(_ file: any OpenFile, in fileSystem: any FileSystem) throws(FileSystemError) -> [UInt8] {
        guard blockSize == 0 || blockSize >= CheckFile.smallestBlock else {
            throw .failure("blocks have at least \(CheckFile.smallestBlock) bytes")
        }
        guard !offset.addingReportingOverflow(length).overflow else { throw .failure("the offset is too large") }
        let name = try algorithm(in: fileSystem)
        let hashes = try hashes(of: file, in: fileSystem) { () throws(FileSystemError) in
            guard let digest = fileSystem.digest(named: name) else { throw .failure("no memory for a hash") }
            return digest
        }
        var reply: [UInt8] = []
        if isNamedInReply { reply.append(string: "check-file".utf8) }
        reply.append(string: name.utf8)
        return reply + hashes
    }

    /// The first of the requested algorithms that is available.
    private func algorithm(in fileSystem: any FileSystem) throws(FileSystemError) -> String {
        for name in algorithms.split(separator: UInt8(ascii: ",")) {
            let name = String(decoding: name, as: UTF8.self)
            if fileSystem.digest(named: name) != nil { return name }
        }
        throw .unsupported("this server has none of these hash algorithms; try sha256, sha512, sha1 or md5")
    }

    /// The hashes of all blocks, one after the other; the last block may be shorter.
    private func hashes(
        of file: any OpenFile, in fileSystem: any FileSystem, _ make: () throws(FileSystemError) -> any Digest
    ) throws(FileSystemError) -> [UInt8] {
        let block = blockSize == 0 ? Int.max : Int(blockSize)
        var hashes: [UInt8] = []
        var digest = try make()
        var taken = 0
        var isEmpty = true
        try file.forEachPiece(from: offset, count: length == 0 ? nil : length, in: fileSystem) {
            piece throws(FileSystemError) in
            isEmpty = false
            var rest = piece
            while !rest.isEmpty {
                let part = rest.prefix(block - taken)
                digest.update(part)
                rest = rest.dropFirst(part.count)
                taken += part.count
                guard taken == block else { continue }
                hashes += digest.finish()
                guard hashes.count <= Limits.dataLength else {
                    throw .failure("the hashes of so many blocks do not fit a packet: ask for larger blocks")
                }
                digest = try make()
                taken = 0
            }
        }
        guard offset == 0 || !isEmpty else { throw .failure("the offset is not before the end of the file") }
        return blockSize == 0 || taken > 0 ? hashes + digest.finish() : hashes
    }
}
