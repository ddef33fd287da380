private import CLinux
internal import Foundation
package import GnuPG
package import Logging
private import OpenPGP
private import Platform
private import SSHTransport
package import ServerConfiguration
private import Vault

/// The process that owns the socket, the limits and the log, and starts a session process for every connection.
package final class Listener {
    private var configuration: Configuration
    private let log: Logger
    /// Gone once the server is stopping: others may have the address then.
    private var socket: ListeningSocket?
    private let signals: Int32
    private var fileStamp: FileStamp?
    private var sessions: [pid_t: SessionRecord] = [:]
    private var penalties = LoginPenalties()
    private var isStopping: Bool { socket == nil }
    private var lastFarewell = ""

    /// Milliseconds after which a waiting listener looks at the clock.
    private static let tick: Int32 = 1000

    /// `address:port` as it is bound.
    package let address: String

    /// Binds the socket and cleans up after sessions that were killed.
    ///
    /// - Parameter listen: overrides what the configuration says.
    /// - Throws: ``SSHError`` when the address is not to be had.
    package init(_ configuration: Configuration, listen: ListenAddress?, log: Logger) throws {
        // A parent that ignores it hands that on, and then ended sessions would not be told.
        signal(SIGCHLD, SIG_DFL)
        signals = linux_signal_descriptor([SIGINT, SIGTERM, SIGHUP, SIGCHLD], 4)
        signal(SIGPIPE, SIG_IGN)
        self.configuration = configuration
        self.log = log
        let bound = listen ?? configuration.listen
        let socket = try ListeningSocket(host: bound.host, port: bound.port)
        self.socket = socket
        address = socket.address
        fileStamp = FileStamp(configuration.file)
        sweep()
    }

    /// Serves until a signal ends it: the first lets transfers finish, the second does not.
    package func run() {
        while !(isStopping && sessions.isEmpty) {
            var descriptors = [pollfd(fd: signals, events: Int16(POLLIN), revents: 0)]
            // A negative descriptor is passed over.
            descriptors.append(pollfd(fd: socket?.descriptor ?? -1, events: Int16(POLLIN), revents: 0))
            let records = sessions.values.filter(\.isOpen)
            descriptors += records.map { pollfd(fd: $0.events, events: Int16(POLLIN), revents: 0) }
            poll(&descriptors, nfds_t(descriptors.count), Listener.tick)
            for (record, descriptor) in zip(records, descriptors.dropFirst(2)) where descriptor.revents != 0 {
                take(from: record)
            }
            takeSignals()
            if descriptors[1].revents != 0 { accept() }
            endSlowLogins()
            if isStopping { sayFarewell() }
        }
        sweep()
    }

    // MARK: Connections

    private func accept() {
        reloadIfChanged()
        guard let (descriptor, peer) = socket?.accept() else { return }
        defer { close(descriptor) }
        if let reason = refusal(of: peer) {
            log.warning("connection refused", metadata: ["remote_addr": "\(peer)", "reason": "\(reason)"])
            // Lines before the version string are for people (RFC 4253, section 4.2).
            let line = "cryptsftp: no more than \(reason)\r\n"
            send(descriptor, line, line.utf8.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
            return
        }
        start(descriptor, peer)
    }

    private func refusal(of peer: String) -> String? {
        let limits = configuration.limits
        if sessions.count >= limits.sessions { return "\(limits.sessions) sessions" }
        if sessions.values.filter({ $0.peer == peer }).count >= limits.sessionsPerAddress {
            return "\(limits.sessionsPerAddress) connections from this address"
        }
        let waiting = sessions.values.filter { $0.user == nil && !$0.isKilled }
        if waiting.count >= limits.unauthenticated, !makeRoom(for: peer, among: waiting) {
            return "\(limits.unauthenticated) connections that have not logged in"
        }
        return nil
    }

    /// Ends the oldest connection of the address that has the most of those that have not logged in: one address must
    /// not keep all others out.
    ///
    /// - Returns: false if `peer` would have as many then.
    private func makeRoom(for peer: String, among waiting: [SessionRecord]) -> Bool {
        let addresses = Dictionary(grouping: waiting, by: \.peer)
        guard let most = addresses.values.max(by: { $0.count < $1.count }),
            (addresses[peer]?.count ?? 0) + 1 < most.count, let oldest = most.min(by: { $0.started < $1.started })
        else { return false }
        log.warning("connection ended to make room", metadata: ["remote_addr": "\(oldest.peer)"])
        end(oldest)
        return true
    }

    /// Starts the session process; the socket stays open in it.
    private func start(_ descriptor: Int32, _ peer: String) {
        let order = SessionParameters(
            configurationFile: configuration.file.path, configurationText: configuration.text, listener: getpid(),
            peer: peer,
            logLevel: log.logLevel.rawValue, failureDelay: penalties.delay(peer))
        var ends: [Int32] = [-1, -1]
        guard let orderDescriptor = order.written() else { return log.error("no memory for a session") }
        defer { close(orderDescriptor) }
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(null) }
        guard pipe(&ends) == 0 else { return log.error("no pipe for a session") }
        defer { close(ends[1]) }
        _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        var process: Int32 = 0
        let command = PortableBundle.command(["session"])
        let error = Listener.withCStrings(command.arguments) { arguments in
            Listener.withCStrings(Listener.sessionEnvironment) { environment in
                linux_spawn(
                    &process, command.path, arguments, environment,
                    [null, null, STDERR_FILENO, descriptor, ends[1], orderDescriptor], 6)
            }
        }
        guard error == 0 else {
            close(ends[0])
            return log.error("a session cannot be started", metadata: ["error": "\(String(cString: strerror(error)))"])
        }
        sessions[process] = SessionRecord(process: process, peer: peer, events: ends[0])
        log.debug("connection", metadata: ["remote_addr": "\(peer)", "connection_id": "\(process)"])
    }

    /// All that a session's environment has: nothing of it is secret, and nothing changes what GnuPG does.
    private static var sessionEnvironment: [String] {
        let kept = ["PATH", "TZ", "LANG", "LC_ALL", "XDG_RUNTIME_DIR", PortableBundle.variable]
        return kept.compactMap { name in ProcessInfo.processInfo.environment[name].map { "\(name)=\($0)" } }
    }

    private static func withCStrings<R>(
        _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R
    ) -> R {
        let copies = strings.map { strdup($0) }
        defer { copies.forEach { free($0) } }
        return body(copies + [nil])
    }

    private func take(from record: SessionRecord) {
        guard let events = record.read() else {
            log.error("a session sends nonsense", metadata: ["connection_id": "\(record.process)"])
            return end(record)
        }
        for event in events {
            switch event {
            case .loginFailed: penalties.failed(record.peer)
            case .loggedIn(let user, let isOwner):
                record.user = user
                // Anybody can log in to a write-only account: that says nothing of who guesses from there.
                if isOwner { penalties.succeeded(record.peer) }
            case .opened(let number, let transfer): record.transfers[number] = transfer
            case .closed(let number): record.transfers[number] = nil
            case .log(let level, let message, let metadata):
                log.log(
                    level: Logger.Level(rawValue: level) ?? .info, "\(message)",
                    metadata: metadata.mapValues { .string($0) })
            }
        }
    }

    /// Ends connections that take too long to log in, whatever they are waiting for.
    ///
    /// A second later than the session itself, which can tell its client.
    private func endSlowLogins() {
        let limit = Duration.seconds(configuration.limits.loginSeconds + 1)
        for record in sessions.values where record.user == nil && !record.isKilled {
            guard ContinuousClock.now - record.started > limit else { continue }
            log.warning("login took too long", metadata: ["remote_addr": "\(record.peer)"])
            end(record)
        }
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
            // What it has started ends with it, such as a gpg that hangs; until it is waited for, the number is its
            // own.
            kill(-process, SIGKILL)
            waitpid(process, &status, 0)
            guard let record = sessions.removeValue(forKey: process) else { continue }
            take(from: record)
            guard status != 0 else { continue }
            if status & 0x7f == SIGXCPU {
                log.warning("a client let its session spin", metadata: ["connection_id": "\(process)"])
            } else if !record.isKilled {
                log.error(
                    "a session ended abnormally", metadata: ["connection_id": "\(process)", "status": "\(status)"])
            }
            // Killed, or a trap: what it could not clean up is cleaned up here.
            sweep()
        }
    }

    /// The first time lets transfers finish; nobody waits for a connection that has not logged in.
    private func stop() {
        let isSecond = isStopping
        socket = nil
        for record in sessions.values {
            if isSecond || record.user == nil { end(record) } else { kill(record.process, SIGTERM) }
        }
    }

    private func end(_ record: SessionRecord) {
        record.isKilled = true
        kill(record.process, SIGKILL)
    }

    private func sayFarewell() {
        let waiting = sessions.values.flatMap { record in
            record.transfers.values.map { "\(record.user ?? "?") \($0)" }
        }
        let farewell = waiting.sorted().joined(separator: ", ")
        guard farewell != lastFarewell, !waiting.isEmpty else { return }
        lastFarewell = farewell
        log.notice("waiting for transfers to finish; stop again to stop now", metadata: ["transfers": "\(farewell)"])
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

    /// Takes the file as it is now; a bad one is reported, and the good one stays.
    private func reload() {
        fileStamp = FileStamp(configuration.file)
        do {
            let new = try Configuration(file: configuration.file)
            _ = try Directory(path: new.data.path)
            _ = try HostKeyStore.load(from: new.hostKeys)
            if new.listen != configuration.listen {
                log.warning("a new listen address is taken at the next start", metadata: ["address": "\(address)"])
            }
            configuration = new
            log.notice("configuration read", metadata: ["users": "\(configuration.accounts.count)"])
        } catch {
            log.error("the configuration is not taken", metadata: ["error": "\(error)"])
        }
    }
}

/// By what a changed file is recognised.
private struct FileStamp: Equatable {
    private let inode: UInt64
    private let size: Int64
    private let seconds: Int
    private let nanoseconds: Int

    init?(_ file: URL) {
        var status = stat()
        guard stat(file.path, &status) == 0 else { return nil }
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
    }
}
