internal import SFTP
package import Vault

/// What a session process asks the listener; see ``ListenerLink/ask(_:)``.
///
/// The listener trusts no more in it than a session that an attacker has taken over could have done anyway.
package enum Question: Equatable, Sendable {
    /// A login has failed: how long is its answer delayed? The answer is ``Answer/delay(_:)``.
    case failedLogin
    /// A login by password to a write-only account begins or continues a visit. The answer is ``Answer/visit(_:_:)``.
    ///
    /// - Parameter password: a keyed hash of the password that was given.
    case visit(account: String, password: [UInt8])
    /// A login by public key. The answer is ``Answer/done``.
    ///
    /// - Parameter fingerprint: the key's.
    case key(account: String, fingerprint: String)
    /// See ``Vault/Ledger/booking(of:)``. The answer is ``Answer/booking(_:)``.
    case booking(FileIdentity)
    /// See ``Vault/Ledger/book(_:after:size:)``. The answer is ``Answer/done``.
    case book(FileIdentity, after: FileIdentity?, size: UInt64?)
    /// See ``Vault/Ledger/take(_:unwritten:)``. The answer is ``Answer/granted(_:)``.
    case take(Usage, unwritten: UInt64)
    /// See ``Vault/Ledger/settle(_:)``. The answer is ``Answer/done``.
    case settle(Usage)
    /// See ``Vault/Ledger/giveBack(_:)``. The answer is ``Answer/done``.
    case giveBack(Usage)
    /// See ``Vault/Ledger/removed(_:_:)``. The answer is ``Answer/done``.
    case removed(FileIdentity, Usage)
    /// See ``Vault/Ledger/room()``. The answer is ``Answer/room(_:)``.
    case room

    /// Whether only a monitor asks it.
    var isOfMonitor: Bool {
        switch self {
        case .failedLogin, .visit, .key: true
        case .booking, .book, .take, .settle, .giveBack, .removed, .room: false
        }
    }

    private enum Kind: UInt8 {
        case failedLogin = 1, visit, key, booking, book, take, settle, giveBack, removed, room
    }

    /// Decodes the fields of a question.
    ///
    /// - Throws: ``SFTP/FileSystemError/badMessage(_:)`` for what no session asks.
    init(from fields: inout PacketReader) throws(FileSystemError) {
        guard let kind = Kind(rawValue: try fields.byte()) else { throw .badMessage("unknown question") }
        switch kind {
        case .failedLogin: self = .failedLogin
        case .visit: self = .visit(account: try fields.text(), password: Array(try fields.string()))
        case .key: self = .key(account: try fields.text(), fingerprint: try fields.text())
        case .booking: self = .booking(try fields.identity())
        case .book:
            self = .book(
                try fields.identity(),
                after: try fields.optional { (fields: inout PacketReader) throws(FileSystemError) in
                    try fields.identity()
                },
                size: try fields.optional { (fields: inout PacketReader) throws(FileSystemError) in try fields.uint64()
                })
        case .take: self = .take(try fields.usage(), unwritten: try fields.uint64())
        case .settle: self = .settle(try fields.usage())
        case .giveBack: self = .giveBack(try fields.usage())
        case .removed: self = .removed(try fields.identity(), try fields.usage())
        case .room: self = .room
        }
    }

    /// Appends the fields of the question.
    func append(to fields: inout [UInt8]) {
        switch self {
        case .failedLogin: fields.append(Kind.failedLogin.rawValue)
        case .visit(let account, let password):
            fields.append(Kind.visit.rawValue)
            fields.append(string: account.utf8)
            fields.append(string: password)
        case .key(let account, let fingerprint):
            fields.append(Kind.key.rawValue)
            fields.append(string: account.utf8)
            fields.append(string: fingerprint.utf8)
        case .booking(let object):
            fields.append(Kind.booking.rawValue)
            fields.append(object)
        case .book(let object, let former, let size):
            fields.append(Kind.book.rawValue)
            fields.append(object)
            fields.append(former) { $0.append($1) }
            fields.append(size) { $0.append(uint64: $1) }
        case .take(let amount, let unwritten):
            fields.append(Kind.take.rawValue)
            fields.append(amount)
            fields.append(uint64: unwritten)
        case .settle(let amount):
            fields.append(Kind.settle.rawValue)
            fields.append(amount)
        case .giveBack(let amount):
            fields.append(Kind.giveBack.rawValue)
            fields.append(amount)
        case .removed(let object, let amount):
            fields.append(Kind.removed.rawValue)
            fields.append(object)
            fields.append(amount)
        case .room: fields.append(Kind.room.rawValue)
        }
    }
}
