internal import SFTP

/// The room that one upload, or one new directory, has taken from the account's budget.
///
/// What is not settled is given back when this object goes.
final class Reservation {
    private let ledger: any Ledger
    private var taken = Usage()

    init(from ledger: any Ledger) {
        self.ledger = ledger
    }

    deinit {
        if taken != Usage() { ledger.giveBack(taken) }
    }

    /// Takes what is missing of the room for one object of `bytes` bytes.
    ///
    /// - Parameter unwritten: see ``Ledger/take(_:unwritten:)``.
    func grow(to bytes: UInt64, unwritten: () -> UInt64 = { 0 }) throws(FileSystemError) {
        let missing = Usage(
            bytes: bytes - min(bytes, taken.bytes), objects: 1 - min(1, taken.objects))
        guard missing != Usage() else { return }
        taken.bytes += try ledger.take(missing, unwritten: unwritten())
        taken.objects += missing.objects
    }

    /// Tells that the object is stored, with `bytes` bytes for which room was taken, and gives back the rest.
    func settle(_ bytes: UInt64) {
        ledger.settle(Usage(bytes: min(bytes, taken.bytes), objects: taken.objects))
        if taken.bytes > bytes { ledger.giveBack(Usage(bytes: taken.bytes - bytes)) }
        taken = Usage()
    }
}
