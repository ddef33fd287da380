internal import OpenPGP
internal import Platform
internal import SSHTransport
internal import Secrets

/// The monitor, as its session asks it; for the use of one thread.
final class MonitorClient: Authenticator {
    /// The result of a login.
    struct Admitted {
        let admission: Admission
        /// The home directory, and the drafts directory if there is one.
        let directories: [OwnedDescriptor]
        /// The secret scalar of the subkey, for the owner with the native engine.
        let scalar: SecretBytes?
    }

    private let channel: MonitorChannel
    /// Nil until somebody has logged in.
    private(set) var admitted: Admitted?
    /// Why the connection ends although the password or key was right; nil unless it does.
    private(set) var refusal: String?

    /// Asks through a channel.
    init(_ channel: MonitorChannel) {
        self.channel = channel
    }

    /// Waits for the message that the monitor sends first.
    ///
    /// - Returns: the settings, and the data directory if it can be opened.
    func settings() throws -> (SessionSettings, OwnedDescriptor?) {
        guard let message = try channel.receive(), case .settings(let settings) = try MonitorAnswer(message.packet)
        else { throw OperationStream.gone }
        return (settings, message.descriptors.first)
    }

    /// Sends a request and waits for its answer.
    private func ask(
        _ request: MonitorRequest, secret: SecretBytes? = nil, descriptors: [OwnedDescriptor] = []
    ) throws(OpenPGPError) -> (answer: MonitorAnswer, message: MonitorChannel.Message) {
        do {
            try channel.send(request.packet, secret: secret, descriptors: descriptors)
            guard let message = try channel.receive() else { throw OperationStream.gone }
            return (try MonitorAnswer(message.packet), message)
        } catch {
            throw OperationStream.gone
        }
    }

    /// Has an exchange hash signed; see ``SSHTransport/HostKeySigner/sign(_:hashBits:)``.
    ///
    /// - Returns: nil when the monitor has ended.
    func sign(_ exchangeHash: [UInt8], hashBits: Int) -> [UInt8]? {
        let request = MonitorRequest.sign(exchangeHash: exchangeHash, hashBits: UInt32(clamping: hashBits))
        guard case .signature(let signature)? = try? ask(request).answer else { return nil }
        return signature
    }

    // MARK: Logins

    func accepts(user: [UInt8], password: UnsafeRawBufferPointer) -> Bool {
        guard let password = SecretBytes(copying: password) else { return false }
        return logIn(.password(user: user), password)
    }

    func accepts(user: [UInt8], key: PublicKey) -> Bool {
        guard let blob = key.blob, case .accepted? = try? ask(.keyOffer(user: user, key: blob)).answer else {
            return false
        }
        return true
    }

    func loggedIn(user: [UInt8], key: PublicKey) -> Bool {
        guard let blob = key.blob else { return false }
        return logIn(.keyLogin(user: user, key: blob))
    }

    private func logIn(_ request: MonitorRequest, _ password: SecretBytes? = nil) -> Bool {
        guard let (answer, message) = try? ask(request, secret: password) else { return false }
        if case .failed(let error) = answer { refusal = error.description }
        guard case .admitted(let admission) = answer else { return false }
        admitted = Admitted(admission: admission, directories: message.descriptors, scalar: message.secret)
        return true
    }

    // MARK: Operations of gpg

    /// Has the monitor's gpg encrypt into a file, or decrypt one.
    ///
    /// - Parameters:
    ///   - request: ``MonitorRequest/encrypt(isPartial:)`` or ``MonitorRequest/decrypt``.
    ///   - descriptor: the file; it stays its owner's to close.
    /// - Returns: this end of the operation's stream.
    func begin(_ request: MonitorRequest, _ descriptor: Int32) throws(OpenPGPError) -> OperationStream {
        let (own, other) = try OpenPGPError.inputOutput("no socket for gpg") { () throws(SystemError) in
            try OwnedDescriptor.socketPair(keepsMessages: false)
        }
        let file = try OpenPGPError.inputOutput("cannot pass a file on") { () throws(SystemError) in
            try OwnedDescriptor(duplicating: descriptor)
        }
        switch try ask(request, descriptors: [file, other]).answer {
        case .begun: return OperationStream(descriptor: own)
        case .failed(let error): throw error
        default: throw OperationStream.gone
        }
    }

    /// Has the monitor's gpg open a session key.
    ///
    /// - Returns: nil for another cipher than AES.
    func sessionKey(ofBeginning beginning: [UInt8]) throws(OpenPGPError) -> SessionKey? {
        guard beginning.count < MessageSocket.longest / 2 else {
            throw OpenPGPError(.message, "the stored file has too many session keys")
        }
        let (answer, message) = try ask(.sessionKey(beginning: beginning))
        switch answer {
        case .sessionKey: return message.secret.map { SessionKey(bytes: $0) }
        case .failed(let error): throw error
        default: throw OperationStream.gone
        }
    }
}
