internal import CGPGME
private import Foundation
private import OpenPGP

/// The public facts about a key.
package struct KeyDescription: Sendable {
    package let userIDs: [String]
    /// The primary key first.
    package let subkeys: [Subkey]
    /// The subkey that files are encrypted to, usable or not; nil when the key has none for encryption.
    package let encryption: Subkey?
    private let isRevoked: Bool
    private let isExpired: Bool
    private let isDisabled: Bool

    package var primary: Subkey { subkeys[0] }
    package var fingerprint: String { primary.fingerprint }
    /// The subkeys that messages can be encrypted to.
    package var encryptionSubkeys: [Subkey] { subkeys.filter(\.canEncrypt) }

    /// - Returns: nil for a key that gpg lists without what every key has.
    init?(_ key: gpgme_key_t) {
        var subkeys: [Subkey] = []
        var next = key.pointee.subkeys
        while let subkey = next {
            guard let description = Subkey(subkey) else { return nil }
            subkeys.append(description)
            next = subkey.pointee.next
        }
        guard !subkeys.isEmpty else { return nil }
        self.subkeys = subkeys
        // As gpg chooses: the newest; a usable one before one that is not.
        encryption = subkeys.filter(\.canEncrypt).max {
            ($0.isUsable ? 1 : 0, $0.created) < ($1.isUsable ? 1 : 0, $1.created)
        }
        var userIDs: [String] = []
        var user = key.pointee.uids
        while let current = user {
            if let text = current.pointee.uid { userIDs.append(String(cString: text)) }
            user = current.pointee.next
        }
        self.userIDs = userIDs
        isRevoked = key.pointee.revoked != 0
        isExpired = key.pointee.expired != 0
        isDisabled = key.pointee.disabled != 0
    }

    /// Why gpg encrypts nothing to the key, to be put after "the key"; nil when it does.
    package var unusableReason: String? {
        guard let encryption else { return "has no subkey for encryption" }
        if isRevoked || encryption.isRevoked { return "was revoked" }
        if isExpired || encryption.isExpired { return "expired on \(expiryDay(encryption))" }
        if isDisabled || encryption.isDisabled { return "is disabled" }
        return nil
    }

    private func expiryDay(_ encryption: Subkey) -> String {
        guard let expiry = [primary.expires, encryption.expires].compactMap(\.self).min() else {
            return "an unknown day"
        }
        return Date(timeIntervalSince1970: Double(expiry)).formatted(.iso8601.year().month().day())
    }

    /// Why a user must not be given this key, to be put after "the key": ``unusableReason``, or an unsuitable
    /// algorithm.
    package var problem: String? {
        if let unusableReason { return unusableReason }
        guard fingerprint.utf8.count == 40 else { return "is not of version 4" }
        guard let encryption else { return nil }
        switch encryption.family {
        case .elliptic where encryption.isECDH: return nil
        case .rsa: return encryption.bits >= 2048 ? nil : "uses \(encryption.algorithm), which is too short"
        default: return "uses \(encryption.algorithm), which is not supported: X25519, another curve, or RSA is"
        }
    }
}
