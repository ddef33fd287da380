internal import Foundation
internal import Logging
internal import OpenPGP
internal import Platform
internal import SFTP
internal import SSHTransport
internal import ServerConfiguration
internal import Vault

/// Serves one connection: parses all that the client sends, and holds no secret but, for the owner, one subkey.
///
/// It is confined before it reads the first byte, and asks its monitor for what it cannot do itself.
final class SessionProcess {
    private let monitor: MonitorClient
    private let settings: SessionSettings
    /// The data directory, until somebody has logged in.
    private var data: Directory?
    private let link = ListenerLink(descriptor: SessionParameters.Descriptor.link)
    private var log: Logger
    private let stop: StopNotice
    private var services: [any ChannelService] = []
    private let started = ContinuousClock.now
    private var lastRequest = ContinuousClock.now

    /// Milliseconds after which a waiting session looks at the clock.
    private static let pollInterval: Int32 = 1000
    /// Bytes that one read of a channel takes.
    private static let readSize = 256 << 10
    /// Bytes of a command that are written to the log.
    private static let loggedCommand = 200

    private var limits: ServerLimits { settings.limits }
    private var stallTimeout: Duration { limits.stallTimeout }

    /// Serves the connection of this process until it ends.
    ///
    /// - Returns: the exit status.
    static func serve(_ channel: MonitorChannel, _ stop: StopNotice) -> Int32 {
        // Without settings the monitor has ended, and has said why.
        guard let session = try? SessionProcess(channel, stop) else { return EXIT_FAILURE }
        session.run()
        return EXIT_SUCCESS
    }

    private init(_ channel: MonitorChannel, _ stop: StopNotice) throws {
        self.stop = stop
        monitor = MonitorClient(channel)
        let (settings, data) = try monitor.settings()
        self.settings = settings
        self.data = data.map { Directory($0) }
        let level = Logger.Level(rawValue: settings.logLevel) ?? .info
        let link = link
        log = Logger(label: "session") { _ in EventLog(link, level) }
        log[metadataKey: "remote_addr"] = "\(settings.peer)"
        log[metadataKey: "connection_id"] = "\(settings.connection)"
    }

    private func run() {
        do {
            let confinement = try Confinement.enterSession(data: data)
            let delegate = HostKeyDelegate { [monitor] in monitor.sign($0, hashBits: $1) }
            delegate.install()
            let connection = try Connection(
                SessionParameters.Descriptor.socket,
                hostKeys: settings.hostKeys.map { try HostKey(standingInFor: $0) },
                .init(authenticationTries: limits.loginTries, stallTimeout: stallTimeout), monitor)
            connection.wake(on: stop.descriptor) { [stop] in stop.take() }
            do {
                try connection.exchangeKeys()
                guard delegate.isUsed else {
                    log.error("this version of libssh makes signatures in a way that is not supported")
                    return
                }
                try waitForLogin(connection)
                guard let admitted = monitor.admitted else { return }
                // An upload that is still open may have to be encrypted to be kept.
                defer { for index in services.indices { services[index].abandonFiles() } }
                let fileSystem = try openFileSystem(admitted, confinement)
                fileSystem.abandonment = { [unowned connection, stop] in
                    if connection.isClosedByClient { return "the client has gone" }
                    return stop.isReceivedNow ? "the server is stopping" : nil
                }
                try serve(connection, fileSystem, readsPlaintext: admitted.admission.view == .plaintext)
            } catch let error as SSHError {
                connection.explain("\(error)")
                throw error
            }
        } catch let error as SSHError {
            log.debug("connection ended", metadata: ["reason": "\(error)"])
        } catch {
            // Not caused by the client: a directory is missing, for example.
            log.error("the connection cannot be served", metadata: ["error": "\(error)"])
        }
    }

    /// Waits until the client has logged in.
    ///
    /// - Throws: ``SSHError`` after `login_seconds`. The listener kills a session that cannot even tell its client.
    private func waitForLogin(_ connection: Connection) throws {
        let end = started + limits.loginTimeout
        while !connection.isAuthenticated {
            let left = ContinuousClock.now.duration(to: end)
            guard left > .zero else {
                throw SSHError(
                    "nobody has logged in within \(limits.loginTimeout.components.seconds) seconds")
            }
            try wait(connection, milliseconds: min(SessionProcess.pollInterval, left.milliseconds) + 1)
        }
    }

    private func wait(_ connection: Connection, milliseconds: Int32) throws {
        try connection.poll(milliseconds: milliseconds)
        if let refusal = monitor.refusal { throw SSHError(refusal) }
        if stop.isReceived && !connection.isAuthenticated { throw SSHError("the server is stopping") }
    }

    /// Opens the user's home directory and confines the process to it.
    private func openFileSystem(
        _ admitted: MonitorClient.Admitted, _ confinement: [String]
    ) throws -> VaultFileSystem {
        let admission = admitted.admission
        log[metadataKey: "username"] = "\(admission.user)"
        let directories = admitted.directories.map { Directory($0) }
        guard let home = directories.first, let data else { throw OperationStream.gone }
        let drafts = directories.dropFirst().first
        let volume = Volume(of: data, isPortable: admission.portableNames)
        // Other homes are not to be seen, not even by name.
        self.data = nil
        try Confinement.narrowSession(to: directories)
        if confinement.isEmpty {
            log.debug("not confined: this kernel has neither Landlock nor seccomp")
        } else {
            log.info("confined", metadata: ["by": "\(confinement.joined(separator: ", "))"])
        }
        let transfers = TransferLog(link: link, log: log)
        let fileSystem = VaultFileSystem(
            user: admission.user, view: admission.view, drafts: DraftsDirectory(opened: drafts), home: home,
            volume: volume, cryptor: try makeCryptor(admitted), spoolSize: UInt64(limits.spoolMegabytes) << 20,
            verifiedFirst: UInt64(limits.verifyMegabytes) << 20, ledger: ListenerLedger(link),
            mostLevels: admission.mostLevels, report: transfers.report)
        fileSystem.isStopping = stop.isReceived
        stop.onReceipt = { fileSystem.isStopping = true }
        return fileSystem
    }

    private func makeCryptor(_ admitted: MonitorClient.Admitted) throws(OpenPGPError) -> Cryptor {
        let admission = admitted.admission
        let recipient = Recipient(keyID: admission.keyID, unusableReason: admission.unusableReason)
        switch admission.engine {
        case .gnupg(let framing): return Cryptor(recipient, RemoteEngine(monitor: monitor, framing: framing))
        case .native(let packet):
            guard let subkey = try ECDHSubkey(packet) else { throw OperationStream.gone }
            let secret = admitted.scalar.flatMap { SecretSubkey(subkey, $0) }
            let remote = RemoteEngine(monitor: monitor, framing: .native)
            return Cryptor(recipient, NativeEngine(subkey, secret, fallback: remote))
        }
    }

    // MARK: Channels

    private func serve(_ connection: Connection, _ fileSystem: VaultFileSystem, readsPlaintext: Bool) throws {
        var buffer = [UInt8](repeating: 0, count: SessionProcess.readSize)
        lastRequest = .now
        while true {
            try wait(connection, milliseconds: SessionProcess.pollInterval)
            for channel in connection.channels where !services.contains(where: { $0.channel === channel }) {
                if let service = service(for: channel, fileSystem, readsPlaintext) { services.append(service) }
            }
            for index in services.indices { try serve(&services[index], &buffer) }
            for index in services.indices where services[index].isOver { end(&services[index]) }
            services.removeAll { $0.isOver }
            if stop.isReceived && services.allSatisfy({ $0.openFiles == 0 }) {
                throw SSHError("the server is stopping")
            }
            guard ContinuousClock.now - lastRequest < limits.idleTimeout else {
                throw SSHError("idle for \(limits.idleTimeout.components.seconds) seconds")
            }
        }
    }

    /// - Returns: nil for a channel on which nothing has been requested yet.
    private func service(
        for channel: Channel, _ fileSystem: VaultFileSystem, _ readsPlaintext: Bool
    ) -> (any ChannelService)? {
        switch channel.request {
        case .sftp: return SFTPService(channel, fileSystem, stallTimeout: stallTimeout)
        case .command(let line):
            let text = String(decoding: line.prefix(SessionProcess.loggedCommand), as: UTF8.self)
            log.debug("command", metadata: ["command": "\(text.debugDescription)"])
            return ExecService(channel, line, fileSystem, readsPlaintext: readsPlaintext, stallTimeout: stallTimeout)
        case nil: return nil
        }
    }

    /// Serves one channel.
    ///
    /// A protocol violation ends this channel alone, and so does a client that has closed it; the others of the
    /// connection continue.
    private func serve(_ service: inout any ChannelService, _ buffer: inout [UInt8]) throws {
        do {
            if try service.serve(&buffer) { lastRequest = .now }
        } catch let violation as ProtocolViolation {
            log.warning("protocol violation", metadata: ["reason": "\(violation)"])
            end(&service)
        } catch let error as SSHError {
            guard service.channel.isOver else { throw error }
            end(&service)
        }
    }
    private func end(_ service: inout any ChannelService) {
        service.abandonFiles()
        service.channel.finish()
    }
}
