private import CLinux
internal import Foundation
private import GnuPG
package import Logging
internal import Platform
internal import SSHTransport
private import Secrets
package import ServerConfiguration
private import Vault

/// Accepts connections and starts a session process for each; owns the listening socket, the limits and the log.
package final class Listener {
    private var configuration: Configuration
    private let log: Logger
    /// Empty once the server is stopping: then another server may bind the addresses.
    private var sockets: [ListeningSocket]
    /// A signalfd.
    private let signals: Int32
    private var fileStamp: FileStamp?
    private var sessions: [pid_t: SessionRecord] = [:]
    private var lobby = Lobby()
    private var penalties = LoginPenalties()
    private let books: AccountBooks
    private let visitKey: [UInt8]
    private var broker = KeyBroker()
    private var isStopping: Bool { sockets.isEmpty }
    private var lastKeyCheck = ContinuousClock.now
    /// The last list of transfers that was logged while the server is stopping.
    private var lastPending = ""

    /// Milliseconds after which a waiting listener looks at the clock.
    private static let pollInterval: Int32 = 1000
    /// The same while somebody waits for a place to log in.
    private static let turnInterval: Int32 = 100

    /// Each `address:port` as it is bound.
    package let addresses: [String]
    /// The address and the port that a client on this machine connects to.
    package let clientAddress: ListenAddress
    /// What this machine does not have for the sockets, for people.
    package let remarks: [String]

    /// Binds the sockets and cleans up after sessions that were killed.
    ///
    /// - Parameter listen: overrides the `listen` of the configuration.
    /// - Throws: `SSHError` when it cannot listen on the address.
    package init(_ configuration: Configuration, listen: ListenAddress?, log: Logger) throws {
        // A parent that ignores SIGCHLD passes that on, and then the kernel would not report ended sessions.
        signal(SIGCHLD, SIG_DFL)
        signals = linux_signal_descriptor([SIGINT, SIGTERM, SIGHUP, SIGCHLD], 4)
        signal(SIGPIPE, SIG_IGN)
        ResourceLimits.raiseOpenFiles()
        self.configuration = configuration
        self.log = log
        books = try AccountBooks()
        var random = SystemRandomNumberGenerator()
        visitKey = (0..<KeyedHash.keySize).map { _ in random.next() }
        let bound = listen ?? configuration.listen
        let sockets = try ListeningSockets(host: bound.host, port: bound.port)
        self.sockets = sockets.all
        addresses = sockets.all.map(\.address)
        clientAddress = ListenAddress(host: sockets.clientHost, port: sockets.all.first?.port ?? bound.port)
        remarks = sockets.remarks
        fileStamp = FileStamp(configuration.file)
        sweep()
        books.sweep(configuration)
        AccountWarnings.log(configuration.accounts, in: configuration, log)
    }

    /// Serves until SIGINT or SIGTERM: the first lets transfers finish, the second does not.
    package func run() {
        while !(isStopping && sessions.isEmpty) {
            let doors = sockets
            var descriptors = [pollfd(fd: signals, events: Int16(POLLIN), revents: 0)]
            descriptors.append(pollfd(fd: books.descriptor, events: Int16(POLLIN), revents: 0))
            descriptors += doors.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
            let sources = sessions.values.flatMap { record in record.descriptors.map { (record, $0) } }
            descriptors += sources.map { pollfd(fd: $0.1, events: Int16(POLLIN), revents: 0) }
            descriptors += lobby.descriptors
            let interval = lobby.isEmpty ? Listener.pollInterval : Listener.turnInterval
            poll(&descriptors, nfds_t(descriptors.count), interval)
            var found = descriptors.dropFirst(2)
            let callers = zip(doors, found).filter { $1.revents != 0 }.map(\.0)
            found = found.dropFirst(doors.count)
            var ready: [pid_t: SessionRecord] = [:]
            for (source, descriptor) in zip(sources, found) where descriptor.revents != 0 {
                ready[source.0.process] = source.0
            }
            for record in ready.values { take(from: record) }
            lobby.take(found.dropFirst(sources.count))
            if descriptors[1].revents != 0 {
                let answers = books.answersAfterCounts(configuration, Array(sessions.values))
                for (record, answer) in answers { reply(answer, to: record) }
            }
            takeSignals()
            endSessionsWithOldKeys()
            books.expire()
            if !isStopping { for door in callers { accept(from: door) } }
            startLogins()
            endSlowLogins()
            if isStopping { logPendingTransfers() }
        }
        sweep()
    }

    // MARK: Connections

    private func accept(from socket: ListeningSocket) {
        reloadIfChanged()
        // A bounded number: the other sessions have something to say, too.
        for _ in 0..<Lobby.capacity {
            guard let connection = socket.accept() else { return }
            if let limit = reachedLimit(for: connection.peer) {
                refuse(connection, limit)
            } else if let displaced = lobby.add(connection) {
                refuse(displaced, unauthenticatedLimit)
            }
        }
    }

    private var unauthenticatedLimit: String {
        "\(configuration.limits.unauthenticated) connections that have not logged in"
    }

    private func refuse(_ connection: IncomingConnection, _ limit: String) {
        log.warning(
            "connection refused",
            metadata: ["remote_addr": "\(connection.address)", "peer": "\(connection.peer)", "reason": "\(limit)"])
        // A server may send lines for people before its identification (RFC 4253, section 4.2).
        let line = "cryptsftp: no more than \(limit)\r\n"
        send(connection.socket.raw, line, line.utf8.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
    }

    private var loggedIn: Int { sessions.values.count { $0.user != nil && !$0.isKilled } }

    /// The limit that keeps another connection from being accepted.
    private func reachedLimit(for peer: Peer) -> String? {
        let limits = configuration.limits
        if loggedIn >= limits.sessions + limits.sessionsForOwners { return "\(limits.sessions) sessions" }
        if peer.isNetwork,
            sessions.values.count(where: { $0.peer == peer }) + lobby.count(of: peer) >= limits.sessionsPerAddress
        {
            return "\(limits.sessionsPerAddress) connections from this address"
        }
        return nil
    }

    /// Starts sessions for the connections whose turn it is to log in, and ends those that leave for them.
    private func startLogins() {
        for connection in lobby.removeAll(olderThan: configuration.limits.loginTimeout) {
            refuse(connection, unauthenticatedLimit)
        }
        let limits = configuration.limits
        while !lobby.isEmpty {
            let holders = sessions.values.filter { $0.user == nil && !$0.isKilled }
            let free = limits.sessions + limits.sessionsForOwners - loggedIn
            let turns = LoginTurns(places: min(limits.unauthenticated, free))
            guard let turn = turns.next(lobby.candidates, holders: holders.map(\.turn)) else { return }
            if let leaving = turn.leaving {
                // Who says nothing may come again and again: that is not worth a line each time.
                log.log(
                    level: holders[leaving].turn.hasSpoken ? .warning : .debug, "connection ended to make room",
                    metadata: [
                        "remote_addr": "\(holders[leaving].address)", "peer": "\(holders[leaving].peer)",
                    ])
                end(holders[leaving])
            }
            do {
                try start(lobby.remove(turn.candidate))
            } catch {
                log.error("a session cannot be started", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Starts the process of a connection, which inherits it.
    private func start(_ connection: IncomingConnection) throws {
        let parameters = try SessionParameters(
            configurationFile: configuration.file.path, configurationText: configuration.text, listener: getpid(),
            peer: connection.address, logLevel: log.logLevel.rawValue,
            known: KnownVaults().vault(at: configuration.directory), visitKey: visitKey
        ).written()
        let null = try OwnedDescriptor(path: "/dev/null", O_RDWR)
        let monitor = try OwnedDescriptor.socketPair(keepsMessages: false)
        let session = try OwnedDescriptor.socketPair(keepsMessages: false)
        let keys = try OwnedDescriptor.socketPair(keepsMessages: true)
        let errors = try OwnedDescriptor.pipe()
        let command = PortableBundle.command(["monitor"])
        let descriptors = [
            null, null, errors.writable, connection.socket, session.1, parameters, monitor.1, keys.1,
        ]
        // Their numbers alone are used, and must stay their own until the program has them.
        let process = try withExtendedLifetime(descriptors) {
            try ChildProcess.start(
                command.path, command.arguments, environment: Listener.sessionEnvironment,
                descriptors: descriptors.map(\.raw))
        }
        sessions[process] = SessionRecord(
            process: process, connection, monitor: LinkEnd(monitor.0), session: LinkEnd(session.0),
            instructions: MessageSocket(keys.0), errors: ErrorLines(errors.readable))
        log.debug(
            "connection",
            metadata: [
                "remote_addr": "\(connection.address)", "peer": "\(connection.peer)", "connection_id": "\(process)",
            ])
    }

    /// The whole environment of a session: nothing in it is secret, and nothing changes what GnuPG does.
    private static var sessionEnvironment: [String] {
        let kept = ["PATH", "TZ", "LANG", "LC_ALL", "XDG_RUNTIME_DIR", PortableBundle.variable, "SWIFT_BACKTRACE"]
        return kept.compactMap { name in ProcessInfo.processInfo.environment[name].map { "\(name)=\($0)" } }
    }

    private func take(from record: SessionRecord) {
        for event in record.monitor.read() ?? [] { take(event, from: record) }
        let events = record.session.read()
        for event in events ?? [] {
            switch event {
            case .opened(let number, let transfer): record.transfers[number] = transfer
            case .closed(let number):
                let transfer = record.transfers.removeValue(forKey: number)
                if record.isOwner, let user = record.user, transfer?.hasPrefix("upload") == true {
                    books.changedByOwner(user)
                }
            // A session cannot write in another's name.
            case .log(let level, let message, var metadata):
                metadata["remote_addr"] = record.address
                metadata["connection_id"] = "\(record.process)"
                metadata["username"] = record.user
                write(level, message, metadata)
            case .asked(let question) where !question.isOfMonitor: answer(question, of: record, record.session)
            case .loginStarted, .loggedIn, .asked, .keyWanted, .keyOpened, .keyNotOpened:
                expel(record, because: "it has sent what only monitors send")
            }
        }
        if events == nil { expel(record, because: "it has sent what no session sends") }
        for line in record.errors.read() {
            log.warning("standard error", metadata: ["connection_id": "\(record.process)", "text": "\(line)"])
        }
    }

    /// Takes an event of a monitor.
    private func take(_ event: Event, from record: SessionRecord) {
        switch event {
        case .asked(let question): answer(question, of: record, record.monitor)
        case .loginStarted: record.isBusy = true
        case .loggedIn(let user, let isOwner):
            record.loggedIn(as: user, isOwner: isOwner)
            if !isOwner { record.keys = publicKeys(of: user) }
            // Anybody can log in to a write-only account: that does not clear a peer that guesses passwords, and leaves
            // the last places to owners.
            if isOwner {
                penalties.succeeded(record.peer)
            } else if loggedIn > configuration.limits.sessions {
                log.warning(
                    "write-only session ended: the last places are for owners",
                    metadata: ["username": "\(user)", "remote_addr": "\(record.address)", "peer": "\(record.peer)"])
                end(record)
            }
        case .log(let level, let message, let metadata): write(level, message, metadata)
        case .keyWanted(let key): carryOut(broker.want(key, by: record.process))
        case .keyOpened(let key): carryOut(broker.opened(key, by: record.process))
        case .keyNotOpened: carryOut(broker.ended(record.process))
        case .opened, .closed: break
        }
    }

    /// Tells monitors what the broker has decided.
    private func carryOut(_ actions: [KeyBroker.Action]) {
        for action in actions {
            switch action {
            case .open(let monitor): tell(monitor, .open)
            case .connect(let holder, let taker):
                guard let ends = try? OwnedDescriptor.socketPair(keepsMessages: true),
                    tell(holder, .give, ends.0), tell(taker, .take, ends.1)
                else {
                    tell(taker, .open)
                    continue
                }
            }
        }
    }

    /// - Returns: false when the monitor has ended, or takes nothing.
    @discardableResult
    private func tell(
        _ monitor: pid_t, _ instruction: KeySharing.Instruction, _ socket: OwnedDescriptor? = nil
    ) -> Bool {
        guard let record = sessions[monitor] else { return false }
        return withUnsafeBytes(of: instruction.rawValue) { bytes in
            do throws(SystemError) {
                try record.instructions.send(bytes, descriptors: [socket].compactMap(\.self))
                return true
            } catch {
                return false
            }
        }
    }

    private func write(_ level: String, _ message: String, _ metadata: [String: String]) {
        log.log(
            level: Logger.Level(rawValue: level) ?? .info, "\(message)", metadata: metadata.mapValues { .string($0) })
    }

    /// Kills a session that does what no session does: it must be compromised.
    private func expel(_ record: SessionRecord, because reason: String) {
        log.error(
            "a session is killed", metadata: ["connection_id": "\(record.process)", "reason": "\(reason)"])
        end(record)
    }

    /// Answers a question of a process, now or when the answer is known.
    private func answer(_ question: Question, of record: SessionRecord, _ asker: LinkEnd) {
        // A session waits for its monitor while that asks.
        guard record.asker == nil else { return expel(record, because: "both of its processes ask") }
        record.asker = asker
        if question == .failedLogin, record.user == nil {
            let delay = penalties.delay(record.peer).milliseconds
            record.isBusy = false
            penalties.failed(record.peer)
            return reply(.delay(UInt64(max(0, delay))), to: record)
        }
        if let answer = books.answer(question, of: record, configuration, Array(sessions.values)) {
            reply(answer, to: record)
        }
    }

    private func reply(_ answer: Answer, to record: SessionRecord) {
        guard let asker = record.asker else { return }
        record.asker = nil
        if !asker.answer(answer) { expel(record, because: "it does not read its answers") }
    }

    /// Kills sessions that take too long to log in, whatever they are waiting for.
    ///
    /// This is a second later than the session itself would end: the session can tell its client why.
    private func endSlowLogins() {
        let limit = configuration.limits.loginTimeout + .seconds(1)
        for record in sessions.values where record.user == nil && !record.isKilled {
            guard ContinuousClock.now - record.started > limit else { continue }
            log.warning("login took too long", metadata: ["remote_addr": "\(record.address)"])
            end(record)
        }
    }

    /// Has sessions end that encrypt to a user's former key, as soon as their open files are closed.
    ///
    /// The owner's sessions keep the keys from being changed while they last; the others do not.
    private func endSessionsWithOldKeys() {
        guard ContinuousClock.now - lastKeyCheck >= .seconds(1) else { return }
        lastKeyCheck = .now
        for record in sessions.values {
            guard let user = record.user, let keys = record.keys, publicKeys(of: user) != keys else { continue }
            record.keys = nil
            log.notice(
                "the user's key has changed: a session ends when its files are closed",
                metadata: ["connection_id": "\(record.process)", "username": "\(user)"])
            kill(record.process, SIGTERM)
        }
    }

    private func publicKeys(of user: String) -> FileStamp? {
        FileStamp(configuration.keyDirectory(of: user).appending(path: KeyDirectory.publicKeys))
    }

    // MARK: Signals

    private func takeSignals() {
        while case let number = linux_next_signal(signals), number != 0 {
            switch number {
            case SIGCHLD: reap()
            case SIGHUP: reload()
            default: stop()
            }
        }
    }

    private func reap() {
        var status: Int32 = 0
        while case let process = linux_ended_child(), process > 0 {
            // This also ends what the session has started, such as a gpg that hangs. Until waitpid has returned, no
            // other process can get the number.
            kill(-process, SIGKILL)
            if let record = sessions[process] { take(from: record) }
            waitpid(process, &status, 0)
            guard let record = sessions.removeValue(forKey: process) else { continue }
            books.ended(record, Array(sessions.values))
            carryOut(broker.ended(process))
            guard status != 0 else { continue }
            // A monitor ends with 128 and the number of the signal that has ended its session.
            if status >> 8 & 0xff == 128 + SIGXCPU {
                log.warning(
                    "a client made its session use too much processor time", metadata: ["connection_id": "\(process)"])
            } else if !record.isKilled {
                log.error(
                    "a session ended abnormally", metadata: ["connection_id": "\(process)", "status": "\(status)"])
            }
            // A session that was killed, or has trapped, could not clean up.
            sweep()
        }
    }

    /// Stops the server: the first call lets transfers finish, a second one ends all sessions.
    ///
    /// Connections that have not logged in are ended at once.
    private func stop() {
        let isSecond = isStopping
        sockets = []
        lobby.removeAll()
        for record in sessions.values {
            if isSecond || record.user == nil { end(record) } else { kill(record.process, SIGTERM) }
        }
    }

    /// Kills all processes of a connection.
    private func end(_ record: SessionRecord) {
        record.isKilled = true
        kill(-record.process, SIGKILL)
    }

    /// Logs the transfers that a stopping server waits for, whenever the list has changed.
    private func logPendingTransfers() {
        let transfers = sessions.values.flatMap { record in
            record.transfers.values.map { "\(record.user ?? "?") \($0)" }
        }
        let pending = transfers.sorted().joined(separator: ", ")
        guard pending != lastPending, !transfers.isEmpty else { return }
        lastPending = pending
        log.notice("waiting for transfers to finish; stop again to stop now", metadata: ["transfers": "\(pending)"])
    }

    /// Removes what killed processes left: runtime directories with their agents, and drafts.
    private func sweep() {
        RuntimeDirectory.sweep()
        if let data = try? Directory(path: configuration.data.path) { DraftFile.sweep(data) }
    }

    // MARK: Configuration

    private func reloadIfChanged() {
        if FileStamp(configuration.file) != fileStamp { reload() }
    }

    /// Reads server.conf again; after an error, which is logged, the present configuration stays in use.
    private func reload() {
        fileStamp = FileStamp(configuration.file)
        do {
            let new = try Configuration(file: configuration.file)
            _ = try Directory(path: new.data.path)
            _ = try HostKeyStore.load(from: new.hostKeys)
            if new.listen != configuration.listen {
                log.warning(
                    "a changed listen address takes effect at the next start",
                    metadata: ["address": "\(addresses.joined(separator: ", "))"])
            }
            let edited = new.accounts.filter { $0 != configuration.account(named: $0.name) }
            configuration = new
            for warning in new.warnings { log.warning("\(warning)") }
            AccountWarnings.log(edited, in: new, log)
            log.notice("configuration read", metadata: ["users": "\(configuration.accounts.count)"])
        } catch {
            log.error("server.conf has an error; the old configuration stays in use", metadata: ["error": "\(error)"])
        }
    }
}
