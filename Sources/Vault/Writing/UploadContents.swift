internal import Foundation
internal import OpenPGP
internal import SFTP

/// The plaintext of a file that is being written, on its way through the encryption into the draft.
///
/// - A WRITE in order is encrypted at once.
/// - An out-of-order WRITE goes into the ``Spool``, over the base version if there is one. It is encrypted when all
///   bytes before it have been, at CLOSE at the latest.
/// - A WRITE to bytes that are encrypted already completes the message and makes it the base of a new spool. All of the
///   file is then encrypted a second time at CLOSE.
final class UploadContents: Contents {
    /// When bytes are encrypted.
    enum Timing {
        /// As soon as all bytes before them have been.
        case whileWriting
        /// At CLOSE, because they will be read or overwritten before.
        case atClose
    }

    /// The size that the client sees.
    var count: UInt64 { spool.count }
    /// The number of bytes that have arrived without a gap from the start.
    ///
    /// An interrupted upload is resumed there.
    private(set) var arrived: UInt64
    private(set) var draft: DraftFile
    /// The bytes of all WRITEs.
    private(set) var received: UInt64 = 0

    let home: HomeDirectory
    let store: MessageStore
    private let mode: mode_t
    /// The room that the file takes of the account's budget; nil for the owner.
    let room: Reservation?
    private var encryption: (any Encryption)?
    private var timing: Timing
    /// Whether there has been a WRITE or a change of the size.
    private var isTouched = false
    /// The number of bytes that have been encrypted.
    private var streamed: UInt64 = 0
    /// All bytes from `streamed` on.
    private var spool: Spool
    /// The ranges of the spool that were written out of order.
    private var ahead = RangeSet<UInt64>()

    /// The most ranges in ``ahead``.
    ///
    /// With more, all further bytes are encrypted at CLOSE.
    private static let mostRanges = 1024
    /// Bytes of the spool that are encrypted at a time.
    private static let pieceSize = 256 << 10

    /// - Parameters:
    ///   - base: the contents before the first WRITE; nil for an empty file.
    ///   - mode: the permissions of the stored file.
    init(
        over base: (any Contents)?, _ timing: Timing, mode: mode_t, _ home: HomeDirectory, _ store: MessageStore
    ) throws(FileSystemError) {
        self.home = home
        self.store = store
        self.timing = timing
        self.mode = mode
        room = home.reservation()
        try room?.grow(to: 0)
        draft = try DraftFile(in: home.drafts, mode: mode)
        spool = store.makeSpool(over: base)
        arrived = spool.count
    }

    /// Whether some of the bytes are those of the base version.
    var usesBase: Bool { spool.usesBase }

    /// The number of bytes that are not in the draft yet.
    var pending: UInt64 { count - streamed }

    /// An error of the encryption, which works in the background.
    var failure: FileSystemError? { encryption?.failure.map { FileSystemError($0) } }

    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(FileSystemError) {
        if offset < streamed { try reopen() }
        try spool.read(at: offset, into: buffer)
    }

    /// Checks that the end is at ``count``, which has to be verified if it is the end of the base version.
    func confirmEnd() throws(FileSystemError) { try spool.confirmEnd() }

    /// - Parameter pending: see ``admit(_:pending:)``.
    func write(_ bytes: ArraySlice<UInt8>, at offset: UInt64, pending: () -> UInt64) throws(FileSystemError) {
        guard !bytes.isEmpty else { return }
        let end = offset + UInt64(bytes.count)
        received += UInt64(bytes.count)
        try admit(end, pending: pending)
        // The first WRITE is at the end when a file is resumed or appended to: the base version is encrypted first.
        if timing == .whileWriting, !isTouched, offset == count { try encrypt(upTo: offset) }
        isTouched = true
        if offset < streamed { try reopen() }
        if timing == .whileWriting, offset == streamed {
            try encrypt(bytes)
            if end > spool.count { try spool.truncate(to: end) }
            try encryptWhatFollows()
        } else {
            try spool.write(bytes, at: offset)
            if timing == .whileWriting { noteOutOfOrder(offset..<end) }
        }
        if offset <= arrived { arrived = max(arrived, end) }
        arrived = max(arrived, streamed)
    }

    /// Sets the size: cuts the file off, or extends it with zeros.
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

    /// Encrypts the rest and completes the message in the draft.
    func finish() throws(FileSystemError) {
        try encrypt(upTo: count)
        try FileSystemError.translating(openPGP: startedEncryption().finish())
        encryption = nil
        try room?.grow(to: UInt64(clamping: draft.status().st_size))
    }

    /// Completes the message, and has it say that it is only the first part of the file.
    ///
    /// All of it is encrypted once more for that, because the mark is at its beginning.
    func finishPartial() throws(FileSystemError) {
        try encrypt(upTo: count)
        let encryption = try FileSystemError.translating(openPGP: startedEncryption())
        try FileSystemError.translating(openPGP: encryption.finish())
        self.encryption = nil
        let marked = try DraftFile(in: home.drafts, mode: mode)
        try FileSystemError.translating(
            openPGP: store.cryptor.markPartial(draft.descriptor, encryption.sessionKey, into: marked.descriptor))
        draft = marked
        try room?.grow(to: UInt64(clamping: draft.status().st_size))
    }

    /// Tells the account's budget that the draft has become a stored file.
    func settle() {
        if let size = try? draft.status().st_size { room?.settle(UInt64(clamping: size)) }
    }

    /// Stops the encryption and waits until nothing writes to the draft any more.
    func cancel() {
        encryption?.cancel()
        encryption = nil
    }

    /// Starts a new draft.
    func restart(over base: (any Contents)?) throws(FileSystemError) {
        cancel()
        draft = try DraftFile(in: home.drafts, mode: mode)
        spool = store.makeSpool(over: base)
        streamed = 0
        ahead = RangeSet()
    }

    /// Completes the message and makes it the base of a new draft, so that encrypted bytes can be read and overwritten.
    ///
    /// - Throws: ``SFTP/FileSystemError/unsupported(_:)`` in a write-only session, which cannot decrypt.
    private func reopen() throws(FileSystemError) {
        guard home.view == .plaintext else {
            throw .unsupported("a write-only account cannot change what it has sent already; send the file once more")
        }
        let total = count
        try finish()
        let base = DecryptedContents(
            draft.file, try draft.status(), count: total, isPartial: false, in: store)
        timing = .atClose
        try restart(over: base)
    }

    /// Encrypts all bytes of the spool up to `end`: written ones, those of the base version, and zeros in gaps.
    private func encrypt(upTo end: UInt64) throws(FileSystemError) {
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

    /// Encrypts what was written out of order and now follows on the encrypted bytes.
    private func encryptWhatFollows() throws(FileSystemError) {
        guard !ahead.isEmpty else { return }
        ahead.remove(contentsOf: 0..<streamed)
        while let next = ahead.ranges.first, next.lowerBound == streamed {
            try encrypt(upTo: next.upperBound)
            ahead.remove(contentsOf: next)
        }
    }

    private func noteOutOfOrder(_ range: Range<UInt64>) {
        ahead.insert(contentsOf: range)
        guard ahead.ranges.count > UploadContents.mostRanges else { return }
        timing = .atClose
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
        let started = try store.cryptor.encrypt(into: draft.descriptor)
        encryption = started
        return started
    }
}
