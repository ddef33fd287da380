private import Foundation
package import OpenPGP

/// What a monitor tells its session.
package enum MonitorAnswer: Codable, Sendable {
    /// The first message, unasked; the data directory comes with it, if it can be opened.
    case settings(SessionSettings)
    /// The signature that was asked for.
    case signature([UInt8])
    /// The public key may log in, if its owner proves to be there.
    case accepted
    /// The login has failed, or the public key may not log in.
    case refused
    /// The login has succeeded.
    ///
    /// The home directory comes with it, and the drafts directory if there is one; for the owner, with the native
    /// engine, the secret subkey too.
    case admitted(Admission)
    /// An operation of gpg has begun.
    case begun
    /// The session key is the secret of the message; without one, it is for another cipher than AES.
    case sessionKey
    /// What was asked for failed.
    case failed(OpenPGPError)

    /// Decodes an answer.
    ///
    /// A session trusts its monitor.
    init(_ packet: [UInt8]) throws {
        self = try JSONDecoder().decode(MonitorAnswer.self, from: Data(packet))
    }

    /// The answer as a packet.
    func packet() throws -> [UInt8] { try Array(JSONEncoder().encode(self)) }
}
