internal import SFTP

/// What a session process asks the listener; see ``ListenerLink/ask(_:)``.
///
/// The listener trusts no more in it than a session that an attacker has taken over could have done anyway.
package enum Question: Equatable, Sendable {
    /// A login has failed: how long is its answer delayed? The answer is ``Answer/delay(_:)``.
    case failedLogin

    private enum Kind: UInt8 { case failedLogin = 1 }

    /// Decodes the fields of a question.
    ///
    /// - Throws: ``SFTP/FileSystemError/badMessage(_:)`` for what no session asks.
    init(from fields: inout PacketReader) throws(FileSystemError) {
        guard let kind = Kind(rawValue: try fields.byte()) else { throw .badMessage("unknown question") }
        switch kind {
        case .failedLogin: self = .failedLogin
        }
    }

    /// Appends the fields of the question.
    func append(to fields: inout [UInt8]) {
        switch self {
        case .failedLogin: fields.append(Kind.failedLogin.rawValue)
        }
    }
}
