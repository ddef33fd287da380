/// A decryption by the native engine, on the caller's thread.
///
/// The last bytes, at least those of one window of the ``MessagePass``, are held back until the modification detection
/// code has been checked. A message that turns out to hold something else than one simple literal packet is given to
/// the fallback engine after all.
final class NativeDecryption: Decryption {
    /// Starts to read the same message with the fallback engine.
    typealias Fallback = () throws(OpenPGPError) -> any Decryption

    /// The pass; nil once the message has been checked.
    private var pass: MessagePass?
    private let makeFallback: Fallback
    /// The decryption by the fallback engine, once it is needed.
    private var fallback: (any Decryption)?
    private var failure: OpenPGPError?
    /// Plaintext that may be given out.
    private var ready: [UInt8] = []
    private var taken = 0
    /// Plaintext of the last window, which waits for the next one, or for the check.
    private var held: [UInt8] = []
    /// Bytes given out.
    private var count: UInt64 = 0
    private var isMarked = false

    /// Starts to read a message.
    ///
    /// - Parameters:
    ///   - pass: a pass that has not begun.
    ///   - makeFallback: starts to read the same message with the fallback engine.
    init(_ pass: MessagePass, _ makeFallback: @escaping Fallback) {
        self.pass = pass
        self.makeFallback = makeFallback
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(OpenPGPError) -> Int {
        if let failure { throw failure }
        do throws(OpenPGPError) {
            var filled = 0
            while filled < buffer.count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                if let fallback { return filled + (try fallback.read(into: rest)) }
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

    var isPartial: Bool { fallback?.isPartial ?? isMarked }

    func cancel() {
        fallback?.cancel()
        failure = failure ?? OpenPGPError(.cancelled, "the download was cancelled")
    }

    /// Decrypts the next window, or checks the message after the last one.
    private func advance(_ pass: MessagePass) throws(OpenPGPError) {
        if pass.isDone {
            guard let verified = try pass.finish() else { return try switchToFallback() }
            guard verified.count == count + UInt64(held.count) else {
                throw OpenPGPError(.engine, "\(verified.count) bytes were read as \(count + UInt64(held.count))")
            }
            release([])
            self.pass = nil
            return
        }
        guard try pass.step(), pass.hasData else { return try switchToFallback() }
        isMarked = pass.isPartial
        var fresh: [UInt8] = []
        pass.forEachPart { fresh += $0 }
        if !fresh.isEmpty { release(fresh) }
    }

    /// Makes the held bytes ready, and holds the new ones.
    private func release(_ fresh: [UInt8]) {
        ready = held
        taken = 0
        held = fresh
    }

    /// Reads the message from its start with the fallback engine, and skips the bytes given out already.
    private func switchToFallback() throws(OpenPGPError) {
        pass = nil
        held = []
        let fallback = try makeFallback()
        self.fallback = fallback
        var rest = count
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while rest > 0 {
            if rest < UInt64(buffer.count) { buffer.removeLast(buffer.count - Int(rest)) }
            let got = try fallback.read(into: &buffer)
            guard got > 0 else { throw OpenPGPError(.message, "the stored file was changed while it was read") }
            rest -= UInt64(got)
        }
    }
}
