private import CLinux
internal import Foundation
internal import GnuPG
internal import Logging
internal import OpenPGP
internal import SFTP
internal import SSHTransport
package import ServerConfiguration
internal import Vault

/// One connection, in a process of its own: whatever happens here, the others do not notice.
package final class SessionProcess {
    private let order: SessionParameters
    private let configuration: Configuration
    private let events = EventPipe(descriptor: SessionParameters.Descriptor.events)
    private var log: Logger
    private let signals: Int32
    private var fileSystem: VaultFileSystem?
    private var sessions: [(channel: Channel, sftp: SFTPSession)] = []
    private var commands: [CommandChannel] = []
    /// Whether files read as they were written; a write-only session reads cipher text.
    private var comparesContents = false
    private var isStopping = false
    private let started = ContinuousClock.now
    private var lastRequest = ContinuousClock.now

    /// Milliseconds after which a waiting session looks at the clock.
    private static let tick: Int32 = 1000
    /// Bytes of memory that this process, and each gpg of it, may use.
    private static let memory: rlim_t = 1 << 30
    /// Reads of one channel before the next has its turn; one that is not read to its end stays within its window.
    private static let turn = 32
    /// Bytes of replies after which they are sent before another request is decoded.
    private static let replyBatch = 128 << 10

    /// Takes up the order this process was started with, and gives up what it does not need.
    package init() throws {
        linux_forbid_dumps()
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        signal(SIGPIPE, SIG_IGN)
        signals = linux_signal_descriptor([SIGTERM], 1)
        // A listener that is killed takes its sessions with it, once their transfers are done.
        linux_signal_on_parent_death(SIGTERM)
        order = try SessionParameters.read()
        guard getppid() == order.listener else { throw SSHError("the listener is gone") }
        // What this process starts is to have none of these.
        for descriptor in [SessionParameters.Descriptor.socket, SessionParameters.Descriptor.events] {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
        // The kernel holds this process to what a session can ever need.
        var memory = rlimit(rlim_cur: SessionProcess.memory, rlim_max: SessionProcess.memory)
        setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &memory)
        // Every transfer takes a few descriptors; the system's soft limit is a matter of old programs.
        var files = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
        files.rlim_cur = files.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
        configuration = try Configuration(order.configurationText, file: URL(filePath: order.configurationFile))
        let level = Logger.Level(rawValue: order.logLevel) ?? .info
        let events = events
        log = Logger(label: "session") { _ in EventLog(events, level) }
        log[metadataKey: "remote_addr"] = "\(order.peer)"
        log[metadataKey: "connection_id"] = "\(getpid())"
    }

    /// Serves the connection to its end.
    package func run() {
        do {
            let login = Login(configuration, failureDelay: order.failureDelay, events, log)
            let connection = try Connection(
                SessionParameters.Descriptor.socket, hostKeys: HostKeyStore.load(from: configuration.hostKeys),
                .init(
                    authenticationTries: configuration.limits.loginTries,
                    stallTimeout: configuration.limits.stallTimeout), login)
            connection.wake(on: signals) { [unowned self] in takeSignals() }
            do {
                try connection.exchangeKeys()
                try waitForLogin(connection)
                guard let admission = login.admission else { return }
                // The GnuPG home goes when nothing refers to it any more: it has to last as long as the connection.
                try withExtendedLifetime(admission.home) {
                    // What is still open then may have to be encrypted to be kept.
                    defer { for index in sessions.indices { sessions[index].sftp.end() } }
                    try open(admission)
                    try serve(connection)
                }
            } catch let error as SSHError {
                connection.explain("\(error)")
                throw error
            }
        } catch let error as SSHError {
            log.debug("connection ended", metadata: ["reason": "\(error)"])
        } catch {
            // Not the client's doing: a directory or a host key is missing, or the like.
            log.error("the connection cannot be served", metadata: ["error": "\(error)"])
        }
    }

    /// - Throws: ``SSHError`` after the time there is for it; the listener ends what cannot even say so.
    private func waitForLogin(_ connection: Connection) throws {
        let end = started + configuration.limits.loginTimeout
        while !connection.isAuthenticated {
            let left = ContinuousClock.now.duration(to: end) / .milliseconds(1)
            guard left > 0 else {
                throw SSHError(
                    "nobody has logged in within \(configuration.limits.loginTimeout.components.seconds) seconds")
            }
            try wait(connection, milliseconds: min(SessionProcess.tick, Int32(left) + 1))
        }
    }

    private func open(_ admission: Login.Admission) throws {
        log[metadataKey: "username"] = "\(admission.account.name)"
        let data = try Directory(path: configuration.data.path)
        let home = try data.directory(VirtualPath(parsing: admission.account.home.utf8), mounts: true)
        // On a read-only medium there is no drafts directory, and no need for one.
        let drafts = try? DraftFile.directory(in: data)
        let confinement = try Confinement.enter(
            changing: [home] + [drafts].compactMap(\.self), keys: admission.home.path,
            programDirectory: admission.home.programDirectory)
        if confinement.isEmpty {
            log.warning("not confined: this kernel has neither Landlock nor seccomp")
        } else {
            log.info("confined", metadata: ["by": "\(confinement.joined(separator: ", "))"])
        }
        let fileSystem = VaultFileSystem(
            user: admission.account.name, view: admission.view, data: data, home: home,
            volume: Volume(of: data, isPortable: configuration.portableNames), cryptor: admission.home.cryptor,
            spoolSize: UInt64(configuration.limits.spoolMegabytes) << 20,
            verifiedFirst: UInt64(configuration.limits.verifyMegabytes) << 20
        ) { [unowned self] in report($0) }
        self.fileSystem = fileSystem
        comparesContents = admission.view == .plaintext
    }

    private func wait(_ connection: Connection, milliseconds: Int32 = SessionProcess.tick) throws {
        try connection.poll(milliseconds: milliseconds)
        if isStopping && !connection.isAuthenticated { throw SSHError("the server is stopping") }
    }

    private func takeSignals() {
        while linux_next_signal(signals) != 0 {
            isStopping = true
            fileSystem?.isStopping = true
        }
    }

    private func serve(_ connection: Connection) throws {
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        lastRequest = .now
        while true {
            try wait(connection)
            admitChannels(of: connection)
            for index in sessions.indices { try serve(&sessions[index], &buffer) }
            for command in commands { try serve(command, &buffer) }
            for index in sessions.indices where sessions[index].channel.isAtEnd { end(&sessions[index]) }
            sessions.removeAll { $0.channel.isAtEnd }
            commands.removeAll { $0.channel.isOver }
            if isStopping && sessions.allSatisfy({ $0.sftp.openFiles == 0 }) {
                throw SSHError("the server is stopping")
            }
            guard ContinuousClock.now - lastRequest < configuration.limits.idleTimeout else {
                throw SSHError("idle for \(configuration.limits.idleTimeout.components.seconds) seconds")
            }
        }
    }

    private func admitChannels(of connection: Connection) {
        guard let fileSystem else { return }
        let known = sessions.map(\.channel) + commands.map(\.channel)
        for channel in connection.channels where !known.contains(where: { $0 === channel }) {
            switch channel.request {
            case .sftp: sessions.append((channel, SFTPSession(fileSystem: fileSystem)))
            case .command(let line):
                // Bounded: lines can be long.
                let text = String(decoding: line.prefix(200), as: UTF8.self).debugDescription
                log.debug("command", metadata: ["command": "\(text)"])
                commands.append(
                    CommandChannel(
                        channel, line, fileSystem, comparesContents: comparesContents,
                        stallTimeout: configuration.limits.stallTimeout))
            case nil: continue
            }
        }
    }

    /// Answers a command, or takes more of its input; one whose client has gone ends alone.
    private func serve(_ command: CommandChannel, _ buffer: inout [UInt8]) throws {
        do {
            if try command.serve(&buffer, turns: SessionProcess.turn) { lastRequest = .now }
        } catch {
            guard command.channel.isOver else { throw error }
        }
    }

    /// Serves all that has arrived on one channel.
    ///
    /// Replies are sent in batches, and all of them before more is read. A channel that its client has closed meanwhile
    /// ends alone; the others of the connection go on.
    private func serve(_ session: inout (channel: Channel, sftp: SFTPSession), _ buffer: inout [UInt8]) throws {
        let channel = session.channel
        do {
            for _ in 0..<SessionProcess.turn {
                let count = try buffer.withUnsafeMutableBytes { try channel.read(into: $0) }
                guard count > 0 else {
                    session.sftp.prepare()
                    break
                }
                buffer.withUnsafeBytes { session.sftp.receive(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
                try answer(&session)
                lastRequest = .now
            }
        } catch let violation as ProtocolViolation {
            log.warning("protocol violation", metadata: ["reason": "\(violation)"])
            end(&session)
        } catch let error as SSHError {
            guard channel.isOver else { throw error }
            end(&session)
        }
    }

    private func answer(_ session: inout (channel: Channel, sftp: SFTPSession)) throws {
        var output: [UInt8] = []
        let stallTimeout = configuration.limits.stallTimeout
        // What was answered before a violation is still sent.
        let result = Result {
            while try session.sftp.serveNext(into: &output) {
                if output.count >= SessionProcess.replyBatch {
                    try session.channel.write(output, stallTimeout: stallTimeout)
                    output.removeAll(keepingCapacity: true)
                }
            }
        }
        if !output.isEmpty { try session.channel.write(output, stallTimeout: stallTimeout) }
        try result.get()
    }

    private func end(_ session: inout (channel: Channel, sftp: SFTPSession)) {
        session.sftp.end()
        session.channel.finish()
    }

    private func report(_ event: TransferEvent) {
        switch event {
        case .opened(let number, let path, let direction):
            // Bounded: paths can be long.
            events.send(.opened(number, "\(direction.rawValue) \(String(path.description.prefix(200)))"))
        case .closed(let number, let path, let direction, let bytes, let error):
            events.send(.closed(number))
            var metadata: Logger.Metadata = ["file_path": "\(path)", "size_bytes": "\(bytes)"]
            if let error {
                metadata["error"] = "\(error.message)"
                log.warning("\(direction.rawValue) failed", metadata: metadata)
            } else {
                log.info("\(direction.rawValue)", metadata: metadata)
            }
        }
    }
}
