/// The `[limits]` of server.conf.
///
/// Source of the defaults: OpenSSH's, where it has the same limit.
package struct ServerLimits: Sendable, Equatable, Codable {
    /// The time from the connection to a finished login.
    package var loginTimeout: Duration = .seconds(30)
    /// Failed tries to log in on one connection.
    package var loginTries = 6
    /// Connections that may log in at once; more wait for their turn.
    package var unauthenticated = 10
    package var sessions = 64
    /// Connections from one address of the network; users of this machine share its addresses.
    package var sessionsPerAddress = 16
    /// The time without a request after which a session ends.
    package var idleTimeout: Duration = .seconds(900)
    /// How long a client may read nothing of what it is sent, and how long gpg may do nothing.
    package var stallTimeout: Duration = .seconds(120)
    /// Mebibytes on the disk that one session's files may take while they are changed in place.
    package var spoolMegabytes = 4096
    /// Mebibytes up to which a stored file is verified when it is opened; a larger one is streamed.
    package var verifyMegabytes = 128

    /// Mebibytes of the file system that sessions which are not the owner's leave free.
    ///
    /// ``standardReserve`` stands for a tenth of a small file system.
    package var reserveMegabytes = ServerLimits.standardReserve

    /// The setting `reserve_megabytes` where there is none.
    package static let standardReserve = 256

    package init() {}

    /// Sessions of owners that there may be besides: anybody can fill the others through a write-only account.
    package var sessionsForOwners: Int { sessions / 4 }

    /// Reads a `[limits]` table; what it does not set has its default.
    init(_ table: TOMLTable) throws(TOMLError) {
        let times: [(String, WritableKeyPath<ServerLimits, Duration>)] = [
            ("login_seconds", \.loginTimeout), ("idle_seconds", \.idleTimeout), ("stalled_seconds", \.stallTimeout),
        ]
        let counts: [(String, WritableKeyPath<ServerLimits, Int>)] = [
            ("login_tries", \.loginTries), ("unauthenticated", \.unauthenticated), ("sessions", \.sessions),
            ("sessions_per_address", \.sessionsPerAddress), ("spool_megabytes", \.spoolMegabytes),
            ("verify_megabytes", \.verifyMegabytes),
        ]
        let range = 1...1_000_000
        try table.allowOnly(times.map(\.0) + counts.map(\.0) + ["reserve_megabytes"])
        for (key, field) in times {
            if let seconds = try table.integer(key, in: range) { self[keyPath: field] = .seconds(seconds) }
        }
        for (key, field) in counts {
            if let count = try table.integer(key, in: range) { self[keyPath: field] = count }
        }
        reserveMegabytes = try table.integer("reserve_megabytes", in: 0...1_000_000_000) ?? ServerLimits.standardReserve
    }
}
