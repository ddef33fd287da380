package import SFTP

/// What a session asks its monitor for.
///
/// The monitor trusts nothing in it: a session parses what its client sends, and may have been taken over.
package enum MonitorRequest: Equatable, Sendable {
    /// A signature with a host key.
    ///
    /// - Parameters:
    ///   - exchangeHash: what is signed (RFC 4253, section 8).
    ///   - hashBits: see ``SSHTransport/HostKeySigner/sign(_:hashBits:)``.
    case sign(exchangeHash: [UInt8], hashBits: UInt32)
    /// A login by password; the password is the secret of the message.
    case password(user: [UInt8])
    /// Whether a public key may log in (RFC 4252, section 7); `key` as in RFC 4253, section 6.6.
    case keyOffer(user: [UInt8], key: [UInt8])
    /// A login by a public key.
    case keyLogin(user: [UInt8], key: [UInt8])
    /// Encrypt with gpg: two open files come with it, the new file and the ``OperationStream``.
    ///
    /// - Parameter isPartial: whether the message says inside that it is only the first part of a file.
    case encrypt(isPartial: Bool)
    /// Decrypt with gpg: two open files come with it, the stored file and the ``OperationStream``.
    case decrypt
    /// Open the session key of a message with gpg.
    ///
    /// - Parameter beginning: see ``OpenPGP/EncryptedMessage/beginning()``.
    case sessionKey(beginning: [UInt8])

    private enum Kind: UInt8 { case sign = 1, password, keyOffer, keyLogin, encrypt, decrypt, sessionKey }

    /// Decodes a request.
    ///
    /// - Throws: `ProtocolViolation` for a packet that no session sends.
    package init(_ packet: [UInt8]) throws(ProtocolViolation) {
        var fields = PacketReader(packet[...])
        do throws(FileSystemError) {
            guard let kind = Kind(rawValue: try fields.byte()) else { throw .badMessage("unknown request") }
            switch kind {
            case .sign: self = .sign(exchangeHash: Array(try fields.string()), hashBits: try fields.uint32())
            case .password: self = .password(user: Array(try fields.string()))
            case .keyOffer: self = .keyOffer(user: Array(try fields.string()), key: Array(try fields.string()))
            case .keyLogin: self = .keyLogin(user: Array(try fields.string()), key: Array(try fields.string()))
            case .encrypt: self = .encrypt(isPartial: try fields.byte() != 0)
            case .decrypt: self = .decrypt
            case .sessionKey: self = .sessionKey(beginning: Array(try fields.string()))
            }
            guard fields.remaining == 0 else { throw .badMessage("bytes after the end of a request") }
        } catch {
            throw ProtocolViolation(error.message)
        }
    }

    /// The request as a packet.
    package var packet: [UInt8] {
        switch self {
        case .sign(let exchangeHash, let hashBits):
            var packet = Self.packet(.sign, [exchangeHash])
            packet.append(uint32: hashBits)
            return packet
        case .password(let user): return Self.packet(.password, [user])
        case .keyOffer(let user, let key): return Self.packet(.keyOffer, [user, key])
        case .keyLogin(let user, let key): return Self.packet(.keyLogin, [user, key])
        case .encrypt(let isPartial): return Self.packet(.encrypt, []) + [isPartial ? 1 : 0]
        case .decrypt: return Self.packet(.decrypt, [])
        case .sessionKey(let beginning): return Self.packet(.sessionKey, [beginning])
        }
    }

    private static func packet(_ kind: Kind, _ fields: [[UInt8]]) -> [UInt8] {
        var packet = [kind.rawValue]
        for field in fields { packet.append(string: field) }
        return packet
    }
}
