internal import Foundation
internal import OpenPGP
internal import SFTP

/// The bytes of a file being written, on their way into its draft.
///
/// What comes in order goes straight into the encryption. What comes ahead of its turn waits in the ``Spool``, over an
/// older version if there is one, until its turn comes or the file is closed. What comes for bytes that are encrypted
/// already makes the message so far the base of another spool: then all of it is encrypted once more at the end.
final class UploadContents: Contents {
    /// Bytes, as far as the client can know.
    var count: UInt64 { spool.count }
    /// Bytes that have arrived without a gap, from the start: what a client that was cut off can continue from.
    private(set) var arrived: UInt64
    /// Whether anything was written or cut off yet.
    private(set) var isTouched = false
    private(set) var draft: DraftFile

    private unowned let vault: VaultFileSystem
    private let mode: mode_t
    private var encryption: (any Encryption)?
    /// Bytes that were sent, wherever they belong.
    private var received: UInt64 = 0
    /// Bytes that the encryption has got.
    private var streamed: UInt64 = 0
    /// Everything from `streamed` on.
    private var spool: Spool
    /// Where bytes have been written ahead of their turn.
    private var ahead = RangeSet<UInt64>()
    /// Whether bytes whose turn has come are encrypted at once; if not, they wait for the end.
    private var isStreaming: Bool

    /// Written places ahead of their turn beyond which it is no use to wait for their turn.
    private static let mostRanges = 1024
    private static let pieceSize = 256 << 10
    /// Bytes by which a stranger's file may be longer than what was sent of it: holes cost nothing to send.
    private static let strangersHole: UInt64 = 64 << 20

    /// - Parameters:
    ///   - base: the bytes there before the first write, or nil.
    ///   - isStreaming: false when what is written will be read again before CLOSE.
    ///   - mode: the permissions of the stored file.
    init(
        over base: (any Contents)?, isStreaming: Bool, mode: mode_t, in vault: VaultFileSystem
    ) throws(FileSystemError) {
        self.vault = vault
        self.isStreaming = isStreaming
        self.mode = mode
        draft = try DraftFile(in: vault.data, mode: mode)
        spool = vault.makeSpool(over: base)
        arrived = spool.count
    }

    /// Whether some of the bytes are still those of the older version.
    var usesBase: Bool { spool.usesBase }

    /// Bytes that are not in the draft yet.
    var pending: UInt64 { count - streamed }

    /// What went wrong in the background until now.
    var failure: FileSystemError? { encryption?.failure.map { FileSystemError($0) } }

    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(FileSystemError) {
        if offset < streamed { try reopen() }
        try spool.read(at: offset, into: buffer)
    }

    /// Makes sure that the end is where ``count`` says, as far as an older version says so.
    func confirmEnd() throws(FileSystemError) { try spool.confirmEnd() }

    func write(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(FileSystemError) {
        guard !bytes.isEmpty else { return }
        let end = offset + UInt64(bytes.count)
        received += UInt64(bytes.count)
        try admit(end)
        if isStreaming, !isTouched, offset == count { try stream(upTo: offset) }  // It is resumed, or appended to.
        isTouched = true
        if offset < streamed { try reopen() }
        if isStreaming, offset == streamed {
            try encrypt(bytes)
            if end > spool.count { try spool.truncate(to: end) }
            try streamWhatWaited()
        } else {
            try spool.write(bytes, at: offset)
            if isStreaming { wait(offset..<end) }
        }
        if offset <= arrived { arrived = max(arrived, end) }
        arrived = max(arrived, streamed)
    }

    /// Cuts the file off, or lengthens it with zeros.
    func truncate(to newCount: UInt64) throws(FileSystemError) {
        guard newCount != count else { return }
        isTouched = true
        if newCount == 0 {
            try restart(over: nil)
        } else {
            if newCount < streamed { try reopen() }
            try spool.truncate(to: newCount)
            if newCount < .max { ahead.remove(contentsOf: newCount..<UInt64.max) }
        }
        arrived = min(arrived, newCount)
    }

    /// Completes the message in the draft.
    func finish() throws(FileSystemError) {
        try stream(upTo: count)
        do throws(OpenPGPError) {
            try startedEncryption().finish()
        } catch {
            throw FileSystemError(error)
        }
        encryption = nil
    }

    /// Gives it up and waits until nobody writes to the draft any more.
    func cancel() {
        encryption?.cancel()
        encryption = nil
    }

    /// Begins anew, with a new draft.
    func restart(over base: (any Contents)?) throws(FileSystemError) {
        cancel()
        draft = try DraftFile(in: vault.data, mode: mode)
        spool = vault.makeSpool(over: base)
        streamed = 0
        ahead = RangeSet()
    }

    /// Makes what has been encrypted readable and writable again, for those who may decrypt it.
    private func reopen() throws(FileSystemError) {
        guard vault.view == .plaintext else {
            throw .unsupported("a write-only account cannot change what it has sent already; send the file once more")
        }
        let total = count
        try finish()
        let file = OwnedDescriptor(dup(draft.descriptor))
        let base = DecryptedContents(file, try file.status(), count: total, in: vault)
        isStreaming = false
        try restart(over: base)
    }

    /// Encrypts all up to `end`, the older version's bytes and zeros where nothing was written.
    private func stream(upTo end: UInt64) throws(FileSystemError) {
        var buffer: [UInt8] = []
        while streamed < end {
            let length = Int(min(UInt64(UploadContents.pieceSize), end - streamed))
            if buffer.count != length { buffer = [UInt8](repeating: 0, count: length) }
            try buffer.withUnsafeMutableBufferPointer { bytes throws(FileSystemError) in
                try spool.read(at: streamed, into: UnsafeMutableRawBufferPointer(bytes))
            }
            try encrypt(buffer[...])
        }
    }

    private func streamWhatWaited() throws(FileSystemError) {
        guard !ahead.isEmpty else { return }
        ahead.remove(contentsOf: 0..<streamed)
        while let next = ahead.ranges.first, next.lowerBound == streamed {
            try stream(upTo: next.upperBound)
            ahead.remove(contentsOf: next)
        }
    }

    private func wait(_ range: Range<UInt64>) {
        ahead.insert(contentsOf: range)
        guard ahead.ranges.count > UploadContents.mostRanges else { return }
        isStreaming = false
        ahead = RangeSet()
    }

    private func encrypt(_ bytes: ArraySlice<UInt8>) throws(FileSystemError) {
        do throws(OpenPGPError) {
            try startedEncryption().write(bytes)
        } catch {
            throw FileSystemError(error)
        }
        streamed += UInt64(bytes.count)
        spool.forget(before: streamed)
    }

    private func startedEncryption() throws(OpenPGPError) -> any Encryption {
        if let encryption { return encryption }
        let started = try vault.cryptor.encrypt(into: draft.descriptor)
        encryption = started
        return started
    }

    /// Refuses a size that cannot be stored, before anything is stored of it.
    func admit(_ end: UInt64) throws(FileSystemError) {
        if let largest = vault.volume.largestFile, end > count,
            end > largest || vault.cryptor.storedCount(forPlaintext: end) > largest
        {
            throw .failure("the file is too large for the file system, which can hold \(largest) bytes as one file")
        }
        guard end > count, end - count > UInt64(Limits.packetLength) else { return }
        guard end < 1 << 56 else { throw .failure("no file is that large") }
        if vault.view != .plaintext, end > received + UploadContents.strangersHole {
            throw .failure("a write-only account cannot make a file that is mostly a hole")
        }
        let figures = try vault.home.statistics()
        let room = figures.availableBlocks.multipliedReportingOverflow(by: figures.fragmentSize)
        guard room.overflow || vault.pending + (end - count) <= room.partialValue else {
            throw .failure("the disk has no room for that size")
        }
    }
}
