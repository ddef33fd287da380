/// A decryption of a file that has the name of a complete one: a message that says that it is a partial is an error.
///
/// Whoever renames files in the data directory cannot make a file that was cut off read as a complete one.
final class CompleteDecryption: Decryption {
    private let decryption: any Decryption

    init(_ decryption: any Decryption) {
        self.decryption = decryption
    }

    var isPartial: Bool { decryption.isPartial }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(OpenPGPError) -> Int {
        let count = try decryption.read(into: buffer)
        guard !decryption.isPartial else { throw OpenPGPError.partial }
        return count
    }

    func cancel() { decryption.cancel() }
}
