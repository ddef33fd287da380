private import CLinux
package import Foundation
private import GnuPG
internal import Logging
private import OpenPGP
package import Platform
private import SFTP
internal import SSHTransport
private import Secrets
internal import ServerConfiguration
internal import Vault

/// The trusted half of a connection: has the host keys, the accounts and the user's keys, and does for its session what
/// needs them.
///
/// It parses nothing that a client sends, only the few requests of its session (``MonitorRequest``).
package final class MonitorProcess {
    private let session: pid_t
    private let channel: MonitorChannel
    private let stop: StopSignal
    private let configuration: Configuration
    private let settings: SessionSettings
    /// The data directory; nil if it cannot be opened.
    private let data: Directory?
    private let signers: [HostKeySigner]
    private let login: Login
    private let link: ListenerLink
    private let sharing: KeySharing
    /// Whether the listener is still there.
    private var hasListener = true
    private let log: Logger
    private var signing = SigningBudget()
    private var keyOffers = 0
    private var failures = 0

    /// Public keys that a client may offer.
    private static let mostKeyOffers = 128
    /// Milliseconds that a session may take to end once its end of the channel is closed.
    private static let endTimeout = 5000

    /// Prepares to serve a session.
    ///
    /// - Parameters:
    ///   - session: the process of the session, a child of this one.
    ///   - channel: the socket to the session.
    ///   - stop: for the notice to the session that the server is stopping.
    ///   - link: the link to the listener.
    ///   - keys: the socket on which the listener tells to hand keys on.
    /// - Throws: when the listener has ended, or a file that is needed cannot be read.
    package init(
        of session: pid_t, _ channel: MonitorChannel, stop: OwnedDescriptor, _ link: ListenerLink,
        keys: MessageSocket, _ parameters: SessionParameters
    ) throws {
        self.session = session
        self.channel = channel
        self.stop = StopSignal(notice: stop)
        channel.limitWaiting()
        self.link = link
        sharing = KeySharing(keys, link)
        guard getppid() == parameters.listener else { throw SSHError("the listener has ended") }
        let level = Logger.Level(rawValue: parameters.logLevel) ?? .info
        var log = Logger(label: "monitor") { _ in EventLog(link, level) }
        log[metadataKey: "remote_addr"] = "\(parameters.peer)"
        log[metadataKey: "connection_id"] = "\(getpid())"
        self.log = log
        do {
            configuration = try Configuration(
                parameters.configurationText, file: URL(filePath: parameters.configurationFile))
            let hostKeys = try HostKeyStore.load(from: configuration.hostKeys)
            try MonitorProcess.requireTrusted(hostKeys, parameters.known)
            signers = try hostKeys.map { try HostKeySigner($0) }
        } catch {
            log.error("the connection cannot be served", metadata: ["error": "\(error)"])
            throw error
        }
        data = try? Directory(path: configuration.data.path)
        settings = SessionSettings(
            peer: parameters.peer, connection: getpid(), logLevel: parameters.logLevel, limits: configuration.limits,
            hostKeys: signers.map(\.publicKey))
        login = Login(
            configuration, data: data, known: parameters.known, visitKey: parameters.visitKey, sharing, link, log)
    }

    /// Refuses host keys that are not the ones that this machine remembers.
    private static func requireTrusted(_ keys: [HostKey], _ known: KnownVault?) throws {
        let differences = known?.differences(ofHostKeys: keys.map(\.fingerprintLine)) ?? []
        guard differences.isEmpty else {
            throw KnownVaults.Failure(
                description: "these are not the host keys that this machine trusts: "
                    + "\(differences.joined(separator: "; ")); 'cryptsftp trust' accepts them")
        }
    }

    /// Serves the session until it ends.
    ///
    /// - Returns: the exit status: the session's, or 128 and the number of the signal that has ended it.
    package func run() -> Int32 {
        do {
            try send(.settings(settings), descriptors: [data].compactMap { $0?.file })
            while let message = try nextMessage() { try answer(message) }
        } catch let violation as ProtocolViolation {
            // The listener kills what is left of the process group once this process has ended.
            log.error("a session has asked for what no session asks for", metadata: ["reason": "\(violation)"])
            login.end()
            return EXIT_FAILURE
        } catch {
            log.error("the connection cannot be served", metadata: ["error": "\(error)"])
            login.end()
            return EXIT_FAILURE
        }
        login.end()
        return waitForSession()
    }

    /// Waits for a message of the session, and takes the signal to stop.
    private func nextMessage() throws -> MonitorChannel.Message? {
        while true {
            // poll ignores a negative descriptor.
            var descriptors = [channel.descriptor, stop.descriptor, hasListener ? sharing.descriptor : -1].map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            poll(&descriptors, nfds_t(descriptors.count), -1)
            if descriptors[1].revents != 0 { stop.take() }
            if descriptors[2].revents != 0 { hasListener = sharing.serve(login.admitted?.home) }
            if descriptors[0].revents != 0 { return try channel.receive() }
        }
    }

    private func waitForSession() -> Int32 {
        var status: Int32 = 0
        for _ in 0..<MonitorProcess.endTimeout {
            switch waitpid(session, &status, WNOHANG) {
            case 0: usleep(1000)
            case session: return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
            default: return EXIT_FAILURE
            }
        }
        return EXIT_FAILURE
    }

    private func send(
        _ answer: MonitorAnswer, secret: SecretBytes? = nil, descriptors: [OwnedDescriptor] = []
    ) throws {
        try channel.send(answer.packet(), secret: secret, descriptors: descriptors)
    }

    // MARK: Requests

    private func answer(_ message: MonitorChannel.Message) throws {
        let request = try MonitorRequest(message.packet)
        switch request {
        case .sign(let exchangeHash, let hashBits): try sign(exchangeHash, Int(hashBits))
        case .password, .keyOffer, .keyLogin:
            guard login.admitted == nil else { throw ProtocolViolation("a second login") }
            guard failures < configuration.limits.loginTries else {
                throw ProtocolViolation("too many tries to log in")
            }
            try answer(login: request, message.secret)
        case .encrypt, .decrypt, .sessionKey:
            guard let admitted = login.admitted else { throw ProtocolViolation("a key before the login") }
            let result = Result { () throws(OpenPGPError) in try operate(request, message.descriptors, admitted) }
            switch result {
            case .success(let (answer, secret)): try send(answer, secret: secret)
            case .failure(let error): try send(.failed(error))
            }
        }
    }

    private func sign(_ exchangeHash: [UInt8], _ hashBits: Int) throws {
        guard signing.take(isLoggedIn: login.admitted != nil) else {
            throw ProtocolViolation("too many signatures before the login")
        }
        let signature = signers.lazy.compactMap { $0.sign(exchangeHash, hashBits: hashBits) }.first
        guard let signature else { throw ProtocolViolation("a signature of what is no exchange hash") }
        try send(.signature(signature))
    }

    private func answer(login request: MonitorRequest, _ password: SecretBytes?) throws {
        let isAccepted: Bool
        switch request {
        case .password(let user):
            guard let password else { throw ProtocolViolation("no password") }
            isAccepted = try login.accepts(user: user, password: password)
        case .keyLogin(let user, let key): isAccepted = try login.accepts(user: user, key: key)
        case .keyOffer(let user, let key):
            keyOffers += 1
            guard keyOffers <= MonitorProcess.mostKeyOffers else { throw ProtocolViolation("too many public keys") }
            return try send(login.mayOffer(user: user, key: key) ? .accepted : .refused)
        default: return
        }
        if isAccepted, let admitted = login.admitted {
            do {
                return try admit(admitted)
            } catch let error as SSHError {
                // A reason that the client may read.
                try send(.failed(OpenPGPError(.cancelled, error.description)))
                throw error
            }
        }
        failures += 1
        try send(.refused)
    }

    /// Gives the session what it needs from now on, and nothing else.
    private func admit(_ admitted: Login.Admitted) throws {
        guard let data else {
            throw SSHError("the data directory \(configuration.data.path) is missing or cannot be read")
        }
        let home = try SessionPlace.open(admitted, in: data, link)
        // A read-only medium has no drafts directory and needs none.
        let drafts = try? DraftsDirectory.open(in: data)
        let cryptor = admitted.home.cryptor
        let native = cryptor.engine as? NativeEngine
        let admission = Admission(
            user: admitted.account.name,
            view: admitted.view,
            engine: native.map { .native(subkey: $0.subkey.packet) } ?? .gnupg(cryptor.framing),
            keyID: cryptor.key.keyID, unusableReason: cryptor.key.unusableReason,
            portableNames: configuration.portableNames, mostLevels: admitted.account.maxDepth)
        try Confinement.narrowMonitor(runtime: admitted.home.directory.path, programDirectory: GnuPGProgram.directory)
        try send(
            .admitted(admission), secret: native?.secret?.scalar,
            descriptors: [home.file] + [drafts].compactMap { $0?.file })
    }

    // MARK: Operations of gpg

    private func operate(
        _ request: MonitorRequest, _ descriptors: [OwnedDescriptor], _ admitted: Login.Admitted
    ) throws(OpenPGPError) -> (answer: MonitorAnswer, secret: SecretBytes?) {
        if case .sessionKey(let beginning) = request {
            let key = try admitted.home.sessionKey(ofBeginning: beginning)
            return (.sessionKey, key?.bytes)
        }
        guard descriptors.count == 2 else { throw OpenPGPError(.engine, "an operation without its files") }
        let stream = OperationStream(descriptor: descriptors[1])
        if case .encrypt(let isPartial) = request {
            try GnuPGOperation.encrypt(
                into: descriptors[0], stream, isPartial: isPartial, by: admitted.home.gnupgEngine)
        } else {
            try GnuPGOperation.decrypt(descriptors[0], stream, by: admitted.home.gnupgEngine)
        }
        return (.begun, nil)
    }
}
