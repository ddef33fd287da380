/// `copy-data`: copies bytes of one open file to another within the server.
///
/// Source: OpenSSH's `PROTOCOL`, section 4.10, after draft-ietf-secsh-filexfer-extensions-00, section 7.
package struct CopyData {
    package let source: Handle
    private let sourceOffset: UInt64
    /// The number of bytes to copy; 0 for all up to the end of the file.
    private let length: UInt64
    package let target: Handle
    private let targetOffset: UInt64

    init(from reader: inout PacketReader) throws(FileSystemError) {
        source = try Handle(from: &reader)
        sourceOffset = try reader.uint64()
        length = try reader.uint64()
        target = try Handle(from: &reader)
        targetOffset = try reader.uint64()
    }

    /// Copies.
    ///
    /// That the source has fewer than ``length`` bytes is not an error.
    ///
    /// The size of the source is taken before the first byte is copied, so that a file which is copied to its own end
    /// through two handles does not grow without end.
    ///
    /// - Throws: ``FileSystemError/failure(_:)`` for one handle twice or a range beyond the largest offset, and the
    ///   errors of reading and writing.
    func carryOut(
        from source: any OpenFile, to target: any OpenFile, in fileSystem: any FileSystem
    ) throws(FileSystemError) {
        guard self.source != self.target else { throw .failure("a file cannot be copied to its own handle") }
        guard !sourceOffset.addingReportingOverflow(length).overflow,
            !targetOffset.addingReportingOverflow(length).overflow
        else { throw .failure("the offset is too large") }
        let (rest, isPastEnd) = (try source.attributes().size ?? .max).subtractingReportingOverflow(sourceOffset)
        guard !isPastEnd else { return }
        var position = targetOffset
        let count = length == 0 ? rest : min(length, rest)
        try source.forEachPiece(from: sourceOffset, count: count, in: fileSystem) { piece throws(FileSystemError) in
            let (next, overflow) = position.addingReportingOverflow(UInt64(piece.count))
            guard !overflow else { throw .failure("the offset is too large") }
            try target.write(piece, at: position)
            position = next
        }
    }
}
