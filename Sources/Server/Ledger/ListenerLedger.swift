internal import SFTP
internal import Vault

/// The ``Vault/Ledger`` of a session: the listener's, asked through the ``ListenerLink``.
final class ListenerLedger: Ledger {
    private let link: ListenerLink

    init(_ link: ListenerLink) {
        self.link = link
    }

    func booking(of object: FileIdentity) -> Booking {
        if case .booking(let booking)? = link.ask(.booking(object)) { booking } else { .none }
    }

    func book(_ object: FileIdentity, after former: FileIdentity?, size: UInt64?) {
        _ = link.ask(.book(object, after: former, size: size))
    }

    func take(_ amount: Usage, unwritten: UInt64) throws(FileSystemError) -> UInt64 {
        switch link.ask(.take(amount, unwritten: unwritten)) {
        case .granted(let bytes)? where bytes >= amount.bytes: return bytes
        case .refused(let reason)?: throw .failure(reason)
        default: throw .failure("the server is stopping")
        }
    }

    func settle(_ amount: Usage) { _ = link.ask(.settle(amount)) }

    func giveBack(_ amount: Usage) { _ = link.ask(.giveBack(amount)) }

    func removed(_ object: FileIdentity, _ amount: Usage) { _ = link.ask(.removed(object, amount)) }

    func room() -> Room? {
        if case .room(let room)? = link.ask(.room) { room } else { nil }
    }
}
