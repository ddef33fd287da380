/// One message being read without gpg, on the caller's thread.
///
/// The last bytes, at least those of one stretch of the file, are held back until the modification detection code has
/// been compared. A message that turns out to hold something else than one simple packet of data is given to gpg after
/// all.
final class NativeDecryption: Decryption {
    /// How gpg starts to read the same message.
    typealias Fallback = () throws(OpenPGPError) -> any Decryption

    /// Nil once the message has been checked.
    private var pass: MessagePass?
    private let fallback: Fallback
    /// gpg's reading, once there is need for it.
    private var other: (any Decryption)?
    private var failure: OpenPGPError?
    /// Data that may be given out.
    private var ready: [UInt8] = []
    private var taken = 0
    /// Data that waits for more to come, or for the check.
    private var held: [UInt8] = []
    /// Bytes given out.
    private var count: UInt64 = 0

    /// - Parameters:
    ///   - pass: a pass that has not begun.
    ///   - fallback: for what cannot be read here.
    init(_ pass: MessagePass, _ fallback: @escaping Fallback) {
        self.pass = pass
        self.fallback = fallback
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(OpenPGPError) -> Int {
        if let failure { throw failure }
        do throws(OpenPGPError) {
            var filled = 0
            while filled < buffer.count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                if let other { return filled + (try other.read(into: rest)) }
                if taken == ready.count {
                    guard let pass else { break }
                    try advance(pass)
                    continue
                }
                let part = ready[taken...].prefix(rest.count)
                rest.copyBytes(from: part)
                taken += part.count
                filled += part.count
                count += UInt64(part.count)
            }
            return filled
        } catch {
            failure = error
            throw error
        }
    }

    func cancel() {
        other?.cancel()
        failure = failure ?? OpenPGPError(.cancelled, "the download was given up")
    }

    /// Makes more data ready, or finds that there is no more.
    private func advance(_ pass: MessagePass) throws(OpenPGPError) {
        if pass.isDone {
            guard let verified = try pass.finish() else { return try turnToGnuPG() }
            guard verified.count == count + UInt64(held.count) else {
                throw OpenPGPError(.engine, "\(verified.count) bytes were read as \(count + UInt64(held.count))")
            }
            release([])
            self.pass = nil
            return
        }
        guard try pass.step(), pass.hasData else { return try turnToGnuPG() }
        var fresh: [UInt8] = []
        pass.forEachPiece { fresh += $0 }
        if !fresh.isEmpty { release(fresh) }
    }

    private func release(_ fresh: [UInt8]) {
        ready = held
        taken = 0
        held = fresh
    }

    /// Lets gpg read the message from its start, up to where this has come, and go on.
    private func turnToGnuPG() throws(OpenPGPError) {
        pass = nil
        held = []
        let other = try fallback()
        self.other = other
        var rest = count
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while rest > 0 {
            if rest < UInt64(buffer.count) { buffer.removeLast(buffer.count - Int(rest)) }
            let got = try other.read(into: &buffer)
            guard got > 0 else { throw OpenPGPError(.message, "the stored file was changed while it was read") }
            rest -= UInt64(got)
        }
    }
}
