internal import CLibSSH
private import Foundation
private import Platform

/// One SSH connection, from the accepted socket to channels with the sftp subsystem.
///
/// Everything happens on the thread that calls ``poll(milliseconds:)``. libssh's callbacks only note what happened or
/// ask the ``Authenticator``; nothing is written while one runs.
///
/// The corresponding C functions are `ssh_bind_accept_fd`, `ssh_handle_key_exchange`, `ssh_event_dopoll` and
/// `ssh_free`.
package final class Connection {
    /// Bounds for one connection.
    package struct Limits {
        package var authenticationTries: Int
        /// Seconds that a write may wait for a client that takes nothing.
        package var stallTimeout: Duration

        package init(authenticationTries: Int, stallTimeout: Duration) {
            self.authenticationTries = authenticationTries
            self.stallTimeout = stallTimeout
        }
    }

    /// Public keys a client may offer before it has to come up with the right one.
    private static let keyOffers = 64
    private static let channels = 8

    private let bind: ssh_bind
    let session: ssh_session
    private let event: ssh_event
    private let callbacks: UnsafeMutablePointer<ssh_server_callbacks_struct>
    private let introduction: KexInitPeek
    private let authenticator: any Authenticator
    private let limits: Limits
    private var offeredKeys = 0
    private var failures = 0
    /// Whether somebody has logged in.
    package private(set) var isAuthenticated = false
    /// What to do when the descriptor of ``wake(on:_:)`` is readable.
    fileprivate var onWake: (() -> Void)?
    /// Channels that are open, oldest first.
    package private(set) var channels: [Channel] = []

    /// Takes over a connected socket.
    ///
    /// - Parameters:
    ///   - descriptor: closed with the connection.
    ///   - hostKeys: read, not kept.
    package init(
        _ descriptor: Int32, hostKeys: [HostKey], _ limits: Limits, _ authenticator: any Authenticator
    ) throws(SSHError) {
        guard let bind = ssh_bind_new(), let session = ssh_new(), let event = ssh_event_new() else {
            throw SSHError("libssh is out of memory")
        }
        self.bind = bind
        self.session = session
        self.event = event
        self.limits = limits
        self.authenticator = authenticator
        callbacks = .allocate(capacity: 1)
        callbacks.initialize(to: ssh_server_callbacks_struct())
        Connection.prepare(descriptor, stallTimeout: limits.stallTimeout)
        introduction = try KexInitPeek(descriptor)
        try configure(hostKeys, ciphers: Algorithms.ciphers(for: introduction.proposal))
        guard ssh_bind_accept_fd(bind, session, introduction.descriptor) == SSH_OK else {
            throw SSHError("the connection cannot be taken", of: bind)
        }
        // `ssh_callbacks_init` is a macro that Swift cannot see: without the size, every callback is ignored.
        callbacks.pointee.size = MemoryLayout<ssh_server_callbacks_struct>.size
        callbacks.pointee.userdata = Unmanaged.passUnretained(self).toOpaque()
        callbacks.pointee.auth_password_function = passwordCallback
        callbacks.pointee.auth_pubkey_function = publicKeyCallback
        callbacks.pointee.channel_open_request_session_function = channelCallback
        ssh_set_server_callbacks(session, callbacks)
        ssh_set_auth_methods(session, Int32(SSH_AUTH_METHOD_PASSWORD | SSH_AUTH_METHOD_PUBLICKEY))
    }

    deinit {
        for channel in channels { channel.release() }
        ssh_event_remove_session(event, session)
        ssh_event_free(event)
        ssh_disconnect(session)
        ssh_free(session)
        ssh_bind_free(bind)
        callbacks.deallocate()
    }

    private func configure(_ hostKeys: [HostKey], ciphers: String) throws(SSHError) {
        var no = false
        var smallest = Algorithms.smallestRSA
        var timeout = Int(limits.stallTimeout.components.seconds)
        var result = ssh_bind_options_set(bind, SSH_BIND_OPTIONS_PROCESS_CONFIG, &no)
        for (option, value) in [
            (SSH_BIND_OPTIONS_BANNER, KexInitPeek.banner),
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
            // The bind object frees the key it is given: it gets one of its own.
            guard let copy = ssh_key_dup(key.raw) else { throw SSHError("libssh is out of memory") }
            result |= ssh_bind_options_set(bind, SSH_BIND_OPTIONS_IMPORT_KEY, UnsafeRawPointer(copy))
        }
        // These have no option of the bind object; set before accepting, they stay.
        result |= ssh_options_set(session, SSH_OPTIONS_COMPRESSION_C_S, "none")
        result |= ssh_options_set(session, SSH_OPTIONS_COMPRESSION_S_C, "none")
        result |= ssh_options_set(session, SSH_OPTIONS_TIMEOUT, &timeout)
        guard result == 0 else { throw SSHError("libssh refuses an option", of: bind) }
    }

    /// Sets the options of the socket that libssh sets for clients only.
    private static func prepare(_ descriptor: Int32, stallTimeout: Duration) {
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, 4)
        setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &yes, 4)
        // A client that takes nothing ends its connection, also while libssh waits inside one call to send.
        var milliseconds = UInt32(clamping: stallTimeout.milliseconds)
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &milliseconds, 4)
        var time = timeval(tv_sec: Int(stallTimeout.components.seconds), tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Exchanges keys.
    ///
    /// Afterwards ``poll(milliseconds:)`` does the rest.
    package func exchangeKeys() throws(SSHError) {
        // Without waiting: what libssh begins with goes nowhere, and then it has the client.
        ssh_set_blocking(session, 0)
        for _ in 0..<10 where !introduction.hearsServer() {
            guard ssh_handle_key_exchange(session) != SSH_ERROR else { throw SSHError("no key exchange", of: session) }
        }
        ssh_set_blocking(session, 1)
        try introduction.admitClient()
        guard ssh_handle_key_exchange(session) == SSH_OK else { throw SSHError("no key exchange", of: session) }
        guard ssh_event_add_session(event, session) == SSH_OK else { throw SSHError("libssh is out of memory") }
    }

    /// Says why the connection is going to be ended: the client is told so, if it can still be told anything.
    ///
    /// The C function is `ssh_session_set_disconnect_message`.
    package func explain(_ reason: String) {
        ssh_session_set_disconnect_message(session, reason)
        // libssh only sends it if the socket has been seen to take more since the last packet. What comes in meanwhile
        // may be answered, a few times.
        for _ in 0..<4 where ssh_event_dopoll(event, 10) == SSH_ERROR { return }
    }

    /// Lets ``poll(milliseconds:)`` return early when `descriptor` is readable.
    ///
    /// The C function is `ssh_event_add_fd`.
    ///
    /// - Parameter body: has to read from it, since libssh also looks at it while it waits for a slow client to take
    ///   something; may not use the connection.
    package func wake(on descriptor: Int32, _ body: @escaping () -> Void) {
        onWake = body
        ssh_event_add_fd(event, descriptor, Int16(POLLIN), wakeCallback, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Waits for something to happen, and lets libssh deal with it.
    ///
    /// - Throws: when the connection is over, however it ended.
    package func poll(milliseconds: Int32) throws(SSHError) {
        let result = ssh_event_dopoll(event, milliseconds)
        guard result != SSH_ERROR, ssh_is_connected(session) != 0 else {
            throw SSHError("the connection has ended", of: session)
        }
        // After a packet with a wrong tag, or one it cannot parse, libssh reads no further; it tells only here.
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
        case Int32(SSH_PUBLICKEY_STATE_NONE.rawValue): return SSH_AUTH_SUCCESS.rawValue  // "Would you take it?"
        case Int32(SSH_PUBLICKEY_STATE_VALID.rawValue) where authenticator.loggedIn(user: user, key: key):
            isAuthenticated = true
            return SSH_AUTH_SUCCESS.rawValue
        default:
            failures += 1
            return SSH_AUTH_DENIED.rawValue
        }
    }

    fileprivate func openChannel() -> ssh_channel? {
        guard isAuthenticated, channels.count < Connection.channels, let channel = Channel(session) else { return nil }
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
