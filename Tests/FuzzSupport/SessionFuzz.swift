internal import SFTP
internal import TestSupport

/// An SFTP session that receives the input, whose first byte is the size of the parts it arrives in: 0 for packet by
/// packet.
///
/// Handles are random, so that no input could name one. So ``marker`` and a number in the input stand for the open
/// handle with that number.
package struct SessionFuzz {
    /// The first bytes of a handle that stands for another.
    package static let marker = Array("HANDLE:".utf8)

    private let input: [UInt8]
    private let files = MemoryFileSystem(longest: 1 << 16)
    private var session: SFTPSession
    private var handles: [Handle] = []

    init(_ input: [UInt8]) throws {
        self.input = input
        files.files[try VirtualPath(parsing: "/a".utf8)] = (0..<700).map { UInt8(truncatingIfNeeded: $0) }
        session = SFTPSession(fileSystem: files)
    }

    mutating func run() throws(FuzzFailure) {
        let size = Int(input.first ?? 0)
        var rest = input.dropFirst()
        var goesOn = true
        while !rest.isEmpty && goesOn {
            let piece = rest.prefix(size == 0 ? packet(rest) : size)
            rest = rest.dropFirst(piece.count)
            goesOn = try take(named(Array(piece)))
        }
        session.end()
        try require(session.openFiles == 0, "files are open after the end")
        try require(
            files.opened == files.closed + files.abandoned,
            "\(files.opened) files opened, \(files.closed) closed, \(files.abandoned) abandoned")
    }

    /// Bytes of the packet that `rest` starts with, as its length says.
    private func packet(_ rest: ArraySlice<UInt8>) -> Int {
        rest.count < 4 ? rest.count : 4 + min(rest.count, rest.prefix(4).reduce(0) { $0 << 8 | Int($1) })
    }

    /// - Returns: whether the session goes on.
    private mutating func take(_ bytes: [UInt8]) throws(FuzzFailure) -> Bool {
        bytes.withUnsafeBytes { session.receive($0) }
        var output: [UInt8] = []
        var served = 0
        var goesOn = true
        do throws(ProtocolViolation) {
            while try session.serveNext(into: &output) { served += 1 }
        } catch {
            goesOn = false
            try require(!error.description.isEmpty, "a violation without a reason")
        }
        session.prefetch()
        let replies = Reply.all(in: output)
        // The packet that ends a session may have been answered, too.
        try require(
            replies.count == served || !goesOn && replies.count == served + 1,
            "\(served) packets have \(replies.count) replies")
        try require(session.openFiles <= Limits.handles, "\(session.openFiles) files are open")
        for case .handle(let handle) in replies { handles.append(handle) }
        return goesOn
    }

    /// Replaces the markers by the handles that they stand for.
    private func named(_ bytes: [UInt8]) -> [UInt8] {
        guard !handles.isEmpty, bytes.count >= 8 else { return bytes }
        var bytes = bytes
        for start in 0...bytes.count - 8 where bytes[start..<start + 7].elementsEqual(Self.marker) {
            var handle: [UInt8] = []
            handles[Int(bytes[start + 7]) % handles.count].append(to: &handle)
            bytes.replaceSubrange(start..<start + 8, with: handle.suffix(8))
        }
        return bytes
    }
}
