private import Foundation
internal import GnuPG
private import OpenPGP
internal import Platform

/// A monitor's part in the sharing of opened keys; the listener has the other (``KeyBroker``).
final class KeySharing {
    /// What the listener tells a monitor, in one byte.
    enum Instruction: UInt8 {
        /// To open the key with the passphrase.
        case open = 1
        /// To take the key from another monitor, through the socket that comes with it.
        case take
        /// To give the key to another monitor, through the socket that comes with it.
        case give
    }

    private let instructions: MessageSocket
    private let link: ListenerLink

    /// The descriptor to wait on.
    var descriptor: Int32 { instructions.descriptor.raw }

    /// - Parameters:
    ///   - instructions: the socket on which the listener's instructions come.
    ///   - link: for reports to the listener.
    init(_ instructions: MessageSocket, _ link: ListenerLink) {
        self.instructions = instructions
        self.link = link
    }

    /// Asks for an opened key, and waits until another monitor has opened it or this one has to.
    ///
    /// - Parameter key: a text that is the same for the same key only.
    /// - Returns: nil when this monitor has to open it, and then to report ``opened(_:)`` or ``failed()``.
    func obtain(_ key: String) -> SharedKeys? {
        link.send(.keyWanted(key))
        guard let (instruction, socket) = receive(), instruction == .take, let socket else { return nil }
        return try? take(MonitorChannel(MessageSocket(socket)))
    }

    /// Reports that the key is open in this process.
    func opened(_ key: String) { link.send(.keyOpened(key)) }

    /// Reports that the key cannot be opened.
    func failed() { link.send(.keyNotOpened) }

    /// Takes an instruction that has come without having been asked for, and hands the key on.
    ///
    /// - Returns: false when the listener has ended.
    func serve(_ home: SessionHome?) -> Bool {
        guard let (instruction, socket) = receive() else { return false }
        guard instruction == .give, let socket, let home else { return true }
        // The other monitor opens the key itself if this fails.
        try? give(home, MonitorChannel(MessageSocket(socket)))
        return true
    }

    private func receive() -> (Instruction, OwnedDescriptor?)? {
        var byte: UInt8 = 0
        let received = withUnsafeMutableBytes(of: &byte) { try? instructions.receive(into: $0) }
        guard let received, received.count == 1, let instruction = Instruction(rawValue: byte) else { return nil }
        return (instruction, received.descriptors.first)
    }

    private func give(_ home: SessionHome, _ channel: MonitorChannel) throws {
        guard let opened = try home.sharedKeys() else { return }
        channel.limitWaiting()
        try channel.send(
            Array(JSONEncoder().encode(opened.facts)), secret: opened.passphrase, descriptors: opened.files)
        try channel.send([0], secret: opened.scalar)
        try channel.send([0], secret: opened.authenticationKey)
    }

    private func take(_ channel: MonitorChannel) throws -> SharedKeys? {
        channel.limitWaiting()
        guard let first = try channel.receive(), let passphrase = first.secret, let second = try channel.receive(),
            let third = try channel.receive()
        else {
            return nil
        }
        let facts = try JSONDecoder().decode(SharedKeys.Facts.self, from: Data(first.packet))
        return SharedKeys(
            facts: facts, files: first.descriptors, passphrase: passphrase, scalar: second.secret,
            authenticationKey: third.secret)
    }
}
