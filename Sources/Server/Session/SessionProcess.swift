internal import Foundation
private import GnuPG
internal import Logging
private import Platform
internal import SFTP
internal import SSHTransport
internal import ServerConfiguration
internal import Vault

/// Serves one connection in a process of its own: an error here cannot reach the other connections.
package final class SessionProcess {
    private let parameters: SessionParameters
    private let configuration: Configuration
    private let link = ListenerLink(descriptor: SessionParameters.Descriptor.link)
    private var log: Logger
    private let stop: StopSignal
    private var services: [any ChannelService] = []
    private let started = ContinuousClock.now
    private var lastRequest = ContinuousClock.now

    /// Milliseconds after which a waiting session looks at the clock.
    private static let pollInterval: Int32 = 1000
    /// Bytes that one read of a channel takes.
    private static let readSize = 256 << 10
    /// Bytes of a command that are written to the log.
    private static let loggedCommand = 200

    private var stallTimeout: Duration { configuration.limits.stallTimeout }

    /// Reads the parameters that the listener has passed, and gives up rights that a session does not need.
    ///
    /// - Throws: when this process was not started by a listener, or the listener has ended.
    package init() throws {
        ResourceLimits.apply()
        signal(SIGPIPE, SIG_IGN)
        stop = StopSignal()
        parameters = try SessionParameters.read()
        guard getppid() == parameters.listener else { throw SSHError("the listener has ended") }
        // gpg must not inherit these.
        for descriptor in [SessionParameters.Descriptor.socket, SessionParameters.Descriptor.link] {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
        configuration = try Configuration(
            parameters.configurationText, file: URL(filePath: parameters.configurationFile))
        let level = Logger.Level(rawValue: parameters.logLevel) ?? .info
        let link = link
        log = Logger(label: "session") { _ in EventLog(link, level) }
        log[metadataKey: "remote_addr"] = "\(parameters.peer)"
        log[metadataKey: "connection_id"] = "\(getpid())"
    }

    /// Serves the connection until it ends.
    package func run() {
        do {
            let login = Login(configuration, known: parameters.known, visitKey: parameters.visitKey, link, log)
            let hostKeys = try HostKeyStore.load(from: configuration.hostKeys)
            try requireTrusted(hostKeys)
            let connection = try Connection(
                SessionParameters.Descriptor.socket, hostKeys: hostKeys,
                .init(authenticationTries: configuration.limits.loginTries, stallTimeout: stallTimeout), login)
            connection.wake(on: stop.descriptor) { [stop] in stop.take() }
            do {
                try connection.exchangeKeys()
                try waitForLogin(connection)
                guard let admission = login.admission else { return }
                // The keys are removed with the home: it has to last as long as the connection.
                try withExtendedLifetime(admission.home) {
                    // An upload that is still open may have to be encrypted to be kept, which needs the keys.
                    defer { for index in services.indices { services[index].abandonFiles() } }
                    try serve(connection, openFileSystem(admission), readsPlaintext: admission.view == .plaintext)
                }
            } catch let error as SSHError {
                connection.explain("\(error)")
                throw error
            }
        } catch let error as SSHError {
            log.debug("connection ended", metadata: ["reason": "\(error)"])
        } catch {
            // Not caused by the client: a directory or a host key is missing, for example.
            log.error("the connection cannot be served", metadata: ["error": "\(error)"])
        }
    }

    /// Refuses host keys that are not the ones that this machine remembers.
    private func requireTrusted(_ keys: [HostKey]) throws {
        let differences = parameters.known?.differences(ofHostKeys: keys.map(\.fingerprintLine)) ?? []
        guard differences.isEmpty else {
            throw KnownVaults.Failure(
                description: "these are not the host keys that this machine trusts: "
                    + "\(differences.joined(separator: "; ")); 'cryptsftp trust' accepts them")
        }
    }

    /// Waits until the client has logged in.
    ///
    /// - Throws: ``SSHError`` after `login_seconds`. The listener kills a session that cannot even tell its client.
    private func waitForLogin(_ connection: Connection) throws {
        let end = started + configuration.limits.loginTimeout
        while !connection.isAuthenticated {
            let left = ContinuousClock.now.duration(to: end)
            guard left > .zero else {
                throw SSHError(
                    "nobody has logged in within \(configuration.limits.loginTimeout.components.seconds) seconds")
            }
            try wait(connection, milliseconds: min(SessionProcess.pollInterval, left.milliseconds) + 1)
        }
    }

    private func wait(_ connection: Connection, milliseconds: Int32) throws {
        try connection.poll(milliseconds: milliseconds)
        if stop.isReceived && !connection.isAuthenticated { throw SSHError("the server is stopping") }
    }

    /// Opens the user's home directory and confines the process to it.
    private func openFileSystem(_ admission: Login.Admission) throws -> VaultFileSystem {
        log[metadataKey: "username"] = "\(admission.account.name)"
        let data = try Directory(path: configuration.data.path)
        let home = try SessionPlace.open(admission, in: data, link)
        // A read-only medium has no drafts directory and needs none.
        let drafts = try? DraftFile.directory(in: data)
        let confinement = try Confinement.enter(
            changing: [home] + [drafts].compactMap(\.self), keys: admission.home.path,
            programDirectory: admission.home.programDirectory)
        if confinement.isEmpty {
            log.warning("not confined: this kernel has neither Landlock nor seccomp")
        } else {
            log.info("confined", metadata: ["by": "\(confinement.joined(separator: ", "))"])
        }
        let transfers = TransferLog(link: link, log: log)
        let fileSystem = VaultFileSystem(
            user: admission.account.name, view: admission.view, data: data, home: home,
            volume: Volume(of: data, isPortable: configuration.portableNames), cryptor: admission.home.cryptor,
            spoolSize: UInt64(configuration.limits.spoolMegabytes) << 20,
            verifiedFirst: UInt64(configuration.limits.verifyMegabytes) << 20, ledger: ListenerLedger(link),
            mostLevels: admission.account.maxDepth, report: transfers.report)
        fileSystem.isStopping = stop.isReceived
        stop.onReceipt = { fileSystem.isStopping = true }
        return fileSystem
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
            guard ContinuousClock.now - lastRequest < configuration.limits.idleTimeout else {
                throw SSHError("idle for \(configuration.limits.idleTimeout.components.seconds) seconds")
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
