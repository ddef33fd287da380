internal import CLibSSH
private import Foundation
private import Glibc
internal import Platform

/// One SSH connection, from the accepted socket to its session channels.
///
/// Everything happens on the thread that calls ``poll(milliseconds:)``. libssh's callbacks only record what happened or
/// call the ``Authenticator``; nothing is sent while one runs.
///
/// The corresponding C functions are `ssh_bind_accept_fd`, `ssh_handle_key_exchange`, `ssh_event_dopoll` and
/// `ssh_free`.
package final class Connection {
    /// Limits of one connection.
    package struct Limits {
        /// Failed passwords and signatures after which the connection ends.
        package var authenticationTries: Int
        /// How long a write may wait for a client that receives nothing.
        package var stallTimeout: Duration

        package init(authenticationTries: Int, stallTimeout: Duration) {
            self.authenticationTries = authenticationTries
            self.stallTimeout = stallTimeout
        }
    }

    /// Public keys that a client may offer before it logs in.
    private static let keyOffers = 64
    /// Channels that may be open at the same time.
    private static let mostChannels = 8

    private let bindObject: LibSSHObject
    private let callbacks: CStructure<ssh_server_callbacks_struct>
    private let sessionObject: LibSSHObject
    private let eventObject: LibSSHObject
    private let kexInitPeek: KexInitPeek
    private let authenticator: any Authenticator
    private let limits: Limits
    private var offeredKeys = 0
    private var failures = 0
    /// Whether the client has logged in.
    package private(set) var isAuthenticated = false
    /// Called when the descriptor of ``wake(on:_:)`` is readable.
    fileprivate var onWake: (() -> Void)?
    /// The open channels, oldest first.
    package private(set) var channels: [Channel] = []

    private var bind: ssh_bind { bindObject.raw }
    private var session: ssh_session { sessionObject.raw }
    private var event: ssh_event { eventObject.raw }

    /// Takes over a connected socket and waits a moment for the client's KEXINIT.
    ///
    /// - Parameters:
    ///   - descriptor: closed with the connection, or when this throws.
    ///   - hostKeys: copied.
    package init(
        _ descriptor: Int32, hostKeys: [HostKey], _ limits: Limits, _ authenticator: any Authenticator
    ) throws(SSHError) {
        let client = OwnedDescriptor(descriptor)
        self.limits = limits
        self.authenticator = authenticator
        callbacks = CStructure(ssh_server_callbacks_struct())
        bindObject = try LibSSHObject(ssh_bind_new(), ssh_bind_free)
        sessionObject = try LibSSHObject(ssh_new(), dependency: callbacks, ssh_free)
        eventObject = try LibSSHObject(ssh_event_new(), ssh_event_free)
        Connection.prepare(descriptor, stallTimeout: limits.stallTimeout)
        kexInitPeek = try KexInitPeek(client)
        try configure(hostKeys, ciphers: Algorithms.ciphers(for: kexInitPeek.proposal))
        guard ssh_bind_accept_fd(bind, session, kexInitPeek.handOver()) == SSH_OK else {
            throw SSHError("the connection cannot be taken", of: bind)
        }
        setCallbacks()
        ssh_set_auth_methods(session, Int32(SSH_AUTH_METHOD_PASSWORD | SSH_AUTH_METHOD_PUBLICKEY))
    }

    deinit {
        for channel in channels { channel.release() }
        ssh_event_remove_session(event, session)
        ssh_disconnect(session)
    }

    private func setCallbacks() {
        let callbacks = callbacks.pointer
        // `ssh_callbacks_init` is a macro that Swift cannot see: without the size, every callback is ignored.
        callbacks.pointee.size = MemoryLayout<ssh_server_callbacks_struct>.size
        callbacks.pointee.userdata = Unmanaged.passUnretained(self).toOpaque()
        callbacks.pointee.auth_password_function = passwordCallback
        callbacks.pointee.auth_pubkey_function = publicKeyCallback
        callbacks.pointee.channel_open_request_session_function = channelCallback
        ssh_set_server_callbacks(session, callbacks)
    }

    private func configure(_ hostKeys: [HostKey], ciphers: String) throws(SSHError) {
        var no = false
        var smallest = Algorithms.smallestRSA
        var timeout = Int(limits.stallTimeout.components.seconds)
        var result = ssh_bind_options_set(bind, SSH_BIND_OPTIONS_PROCESS_CONFIG, &no)
        for (option, value) in [
            (SSH_BIND_OPTIONS_BANNER, KexInitPeek.software),
            (SSH_BIND_OPTIONS_KEY_EXCHANGE, Algorithms.keyExchange),
            (SSH_BIND_OPTIONS_CIPHERS_C_S, ciphers),
            (SSH_BIND_OPTIONS_CIPHERS_S_C, ciphers),
            (SSH_BIND_OPTIONS_HMAC_C_S, Algorithms.authenticationCodes),
            (SSH_BIND_OPTIONS_HMAC_S_C, Algorithms.authenticationCodes),
            (SSH_BIND_OPTIONS_HOSTKEY_ALGORITHMS, Algorithms.hostKeys),
            (SSH_BIND_OPTIONS_PUBKEY_ACCEPTED_KEY_TYPES, Algorithms.publicKeys),
        ] {
            result |= ssh_bind_options_set(bind, option, value)
        }
        result |= ssh_bind_options_set(bind, SSH_BIND_OPTIONS_RSA_MIN_SIZE, &smallest)
        for key in hostKeys {
            // The bind object frees the key that it is given.
            guard let copy = ssh_key_dup(key.raw) else { throw SSHError("libssh is out of memory") }
            result |= ssh_bind_options_set(bind, SSH_BIND_OPTIONS_IMPORT_KEY, UnsafeRawPointer(copy))
        }
        // The bind object has no such options; the session keeps those that are set before it is accepted.
        result |= ssh_options_set(session, SSH_OPTIONS_COMPRESSION_C_S, "none")
        result |= ssh_options_set(session, SSH_OPTIONS_COMPRESSION_S_C, "none")
        result |= ssh_options_set(session, SSH_OPTIONS_TIMEOUT, &timeout)
        guard result == 0 else { throw SSHError("libssh refuses an option", of: bind) }
    }

    /// Sets the socket options that libssh sets for clients only.
    private static func prepare(_ descriptor: Int32, stallTimeout: Duration) {
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, 4)
        setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &yes, 4)
        // These end the connection of a client that receives nothing, also while libssh waits in a call to send.
        var milliseconds = UInt32(clamping: stallTimeout.milliseconds)
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &milliseconds, 4)
        var time = timeval(tv_sec: Int(stallTimeout.components.seconds), tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Runs the key exchange; ``poll(milliseconds:)`` does everything after it.
    package func exchangeKeys() throws(SSHError) {
        // Without waiting for an answer: libssh's identification does not reach the client.
        ssh_set_blocking(session, 0)
        for _ in 0..<10 where !kexInitPeek.libsshHasIdentified() {
            guard ssh_handle_key_exchange(session) != SSH_ERROR else { throw SSHError("no key exchange", of: session) }
        }
        ssh_set_blocking(session, 1)
        try kexInitPeek.attachClient()
        guard ssh_handle_key_exchange(session) == SSH_OK else { throw SSHError("no key exchange", of: session) }
        guard ssh_event_add_session(event, session) == SSH_OK else { throw SSHError("libssh is out of memory") }
    }

    /// Sends the client the reason for which the connection is going to end, if the client still receives anything.
    ///
    /// The C function is `ssh_session_set_disconnect_message`.
    package func explain(_ reason: String) {
        ssh_session_set_disconnect_message(session, reason)
        // libssh sends it only if it has seen since the last packet that the socket is writable. Until then it may
        // answer packets that arrive.
        for _ in 0..<4 where ssh_event_dopoll(event, 10) == SSH_ERROR { return }
    }

    /// Makes ``poll(milliseconds:)`` return early when `descriptor` is readable.
    ///
    /// The C function is `ssh_event_add_fd`.
    ///
    /// - Parameter body: has to read from it, because libssh also polls it while it waits for a slow client; must not
    ///   use the connection.
    package func wake(on descriptor: Int32, _ body: @escaping () -> Void) {
        onWake = body
        ssh_event_add_fd(event, descriptor, Int16(POLLIN), wakeCallback, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Whether the client has closed the connection, as far as the system knows by now.
    package var isClosedByClient: Bool {
        // Linux's POLLRDHUP: the client sends nothing more, and so reads nothing more.
        let closed: Int16 = 0x2000
        var status = pollfd(fd: ssh_get_fd(session), events: closed, revents: 0)
        return Glibc.poll(&status, 1, 0) > 0
    }

    /// Waits for events, and lets libssh handle them.
    ///
    /// - Throws: when the connection has ended, for whatever reason.
    package func poll(milliseconds: Int32) throws(SSHError) {
        let result = ssh_event_dopoll(event, milliseconds)
        guard result != SSH_ERROR, ssh_is_connected(session) != 0 else {
            throw SSHError("the connection has ended", of: session)
        }
        // After a packet with a wrong tag, or one that it cannot parse, libssh stops reading and reports it only here.
        guard ssh_get_status(session) & SSH_CLOSED_ERROR == 0 else {
            throw SSHError("a packet is damaged", of: session)
        }
        guard failures < limits.authenticationTries, offeredKeys < Connection.keyOffers else {
            throw SSHError("too many failed tries to log in")
        }
        guard !channels.contains(where: \.isFlooded) else { throw SSHError("the client sends more than it may") }
        for channel in channels where channel.isOver { channel.release() }
        channels.removeAll { $0.isOver }
    }

    fileprivate func password(_ user: String, _ password: UnsafeRawBufferPointer) -> Int32 {
        guard !isAuthenticated, failures < limits.authenticationTries else { return SSH_AUTH_DENIED.rawValue }
        guard authenticator.accepts(user: Array(user.utf8), password: password) else {
            failures += 1
            return SSH_AUTH_DENIED.rawValue
        }
        isAuthenticated = true
        return SSH_AUTH_SUCCESS.rawValue
    }

    fileprivate func publicKey(_ user: String, _ key: PublicKey, _ state: CChar) -> Int32 {
        guard !isAuthenticated, offeredKeys < Connection.keyOffers else { return SSH_AUTH_DENIED.rawValue }
        offeredKeys += 1
        let user = Array(user.utf8)
        guard authenticator.accepts(user: user, key: key) else { return SSH_AUTH_DENIED.rawValue }
        switch Int32(state) {
        case Int32(SSH_PUBLICKEY_STATE_NONE.rawValue): return SSH_AUTH_SUCCESS.rawValue  // a query without a signature
        case Int32(SSH_PUBLICKEY_STATE_VALID.rawValue) where authenticator.loggedIn(user: user, key: key):
            isAuthenticated = true
            return SSH_AUTH_SUCCESS.rawValue
        default:
            failures += 1
            return SSH_AUTH_DENIED.rawValue
        }
    }

    fileprivate func openChannel() -> ssh_channel? {
        guard isAuthenticated, channels.count < Connection.mostChannels, let channel = Channel(session) else {
            return nil
        }
        channels.append(channel)
        return channel.raw
    }
}

private func owner(_ data: UnsafeMutableRawPointer?) -> Connection? {
    data.map { Unmanaged<Connection>.fromOpaque($0).takeUnretainedValue() }
}

private let wakeCallback: ssh_event_callback = { _, _, data in
    owner(data)?.onWake?()
    return 0
}

private let passwordCallback: ssh_auth_password_callback = { _, user, password, data in
    guard let user, let password else { return SSH_AUTH_DENIED.rawValue }
    let bytes = UnsafeRawBufferPointer(start: password, count: strlen(password))
    return owner(data)?.password(String(cString: user), bytes) ?? SSH_AUTH_DENIED.rawValue
}

private let publicKeyCallback: ssh_auth_pubkey_callback = { _, user, key, state, data in
    guard let user, let key else { return SSH_AUTH_DENIED.rawValue }
    return owner(data)?.publicKey(String(cString: user), PublicKey(borrowing: key), state) ?? SSH_AUTH_DENIED.rawValue
}

private let channelCallback: ssh_channel_open_request_session_callback = { _, data in
    owner(data)?.openChannel()
}
