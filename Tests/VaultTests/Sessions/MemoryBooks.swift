import SFTP
import Vault

/// The books of a home, in memory: what the listener holds for the sessions of an account.
final class MemoryBooks {
    struct Entry {
        let object: FileIdentity
        let login: String
        let size: UInt64?
    }

    /// By device and inode.
    var entries: [[UInt64]: Entry] = [:]
    /// The room that is left; nil without a limit.
    var left: Usage?
    /// What sessions have taken and neither settled nor given back.
    var taken = Usage()

    static func place(_ object: FileIdentity) -> [UInt64] { [object.device, object.inode] }
}

/// A session's access to ``MemoryBooks``.
final class MemoryLedger: Ledger {
    private let books: MemoryBooks
    private let login: String

    init(_ books: MemoryBooks, login: String) {
        self.books = books
        self.login = login
    }

    func booking(of object: FileIdentity) -> Booking {
        guard let entry = books.entries[MemoryBooks.place(object)], entry.object == object else { return .none }
        return Booking(isOwn: entry.login == login, size: entry.size)
    }

    func book(_ object: FileIdentity, after former: FileIdentity?, size: UInt64?) {
        var size = size
        if let former {
            guard let entry = books.entries[MemoryBooks.place(former)], entry.object == former, entry.login == login
            else { return }
            size = entry.size
        }
        books.entries[MemoryBooks.place(object)] = .init(object: object, login: login, size: size)
    }

    func take(_ amount: Usage, unwritten: UInt64) throws(FileSystemError) -> UInt64 {
        if let left = books.left {
            guard amount.bytes <= left.bytes, amount.objects <= left.objects else {
                throw .failure("this box is full")
            }
            books.left = Usage(bytes: left.bytes - amount.bytes, objects: left.objects - amount.objects)
        }
        books.taken.bytes += amount.bytes
        books.taken.objects += amount.objects
        return amount.bytes
    }

    func settle(_ amount: Usage) {
        books.taken.bytes -= amount.bytes
        books.taken.objects -= amount.objects
    }

    func giveBack(_ amount: Usage) {
        settle(amount)
        free(amount)
    }

    func removed(_ object: FileIdentity, _ amount: Usage) {
        books.entries[MemoryBooks.place(object)] = nil
        free(amount)
    }

    private func free(_ amount: Usage) {
        books.left?.bytes += amount.bytes
        books.left?.objects += amount.objects
    }

    func room() -> Room? {
        books.left.map { Room(most: 1 << 30, free: $0.bytes, freeObjects: $0.objects) }
    }
}
