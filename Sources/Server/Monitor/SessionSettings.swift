internal import ServerConfiguration

/// What a session knows before anybody has logged in: no account, no secret.
package struct SessionSettings: Codable, Sendable {
    /// The client's address.
    let peer: String
    /// The number by which the log names the connection: the monitor's process.
    let connection: Int32
    let logLevel: String
    let limits: ServerLimits
    /// The public parts of the host keys (RFC 4253, section 6.6).
    let hostKeys: [[UInt8]]
}
