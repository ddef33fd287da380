/// `copy-data`: bytes of one open file are written to another, without a way through the client.
///
/// Source: OpenSSH's `PROTOCOL`, section 4.10, after draft-ietf-secsh-filexfer-extensions-00, section 7.
package struct CopyData {
    package let source: Handle
    private let sourceOffset: UInt64
    /// Bytes to copy; 0 copies to the end of the file.
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

    /// Copies; an end of the source before ``length`` bytes is not an error.
    ///
    /// The end is where it is at the start: a file that is copied to its own end by two handles does not grow for ever.
    ///
    /// - Throws: ``FileSystemError/failure(_:)`` for one handle twice or a range that no file has, and as reading and
    ///   writing do.
    func carryOut(from source: any OpenFile, to target: any OpenFile) throws(FileSystemError) {
        guard self.source != self.target else { throw .failure("a file cannot be copied to its own handle") }
        guard !sourceOffset.addingReportingOverflow(length).overflow,
            !targetOffset.addingReportingOverflow(length).overflow
        else { throw .failure("the offset is too large") }
        let (rest, isPastEnd) = (try source.attributes().size ?? .max).subtractingReportingOverflow(sourceOffset)
        guard !isPastEnd else { return }
        var position = targetOffset
        try source.forEachPiece(from: sourceOffset, count: length == 0 ? rest : min(length, rest)) {
            piece throws(FileSystemError) in
            let (next, overflow) = position.addingReportingOverflow(UInt64(piece.count))
            guard !overflow else { throw .failure("the offset is too large") }
            try target.write(piece, at: position)
            position = next
        }
    }
}
