/// The `[limits]` of server.conf.
///
/// Source of the defaults: OpenSSH's, where it has the same limit.
package struct ServerLimits: Sendable, Equatable {
    /// Seconds from the connection to a finished login.
    package var loginSeconds = 30
    /// Failed tries to log in on one connection.
    package var loginTries = 6
    /// Connections that have not logged in yet.
    package var unauthenticated = 10
    package var sessions = 64
    /// Connections from one address.
    package var sessionsPerAddress = 16
    /// Seconds after which a session ends that has asked for nothing.
    package var idleSeconds = 900
    /// Seconds that a client may take nothing of what it is sent, and that gpg may do nothing.
    package var stalledSeconds = 120
    /// Mebibytes on the disk that one session's files may take while they are changed in place.
    package var spoolMegabytes = 4096
    /// Mebibytes up to which a stored file is verified when it is opened; a larger one is streamed.
    package var verifyMegabytes = 128

    package init() {}
}
