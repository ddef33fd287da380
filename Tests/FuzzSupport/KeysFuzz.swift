internal import OpenPGP
private import Secrets

/// The input as a PKESK packet's body, as an unwrapped session key, and as a public subkey.
enum KeysFuzz {
    private static let subkey = open()

    static func run(_ input: [UInt8]) throws(FuzzFailure) {
        guard let (part, secret) = subkey, let content = input.withUnsafeBytes({ SecretBytes(copying: $0) }) else {
            throw FuzzFailure(description: "there is no subkey to open packets with")
        }
        let (opened, other): (SessionKey?, ECDHSubkey?)
        do throws(OpenPGPError) {
            (opened, other) = (try PKESK.open(input, with: secret), try ECDHSubkey(input))
        } catch {
            throw FuzzFailure(description: "bytes are an error instead of no key: \(error)")
        }
        if let other { try require(input.starts(with: [4]), "\(other) is taken for a subkey") }
        for key in [opened, PKESK.sessionKey(content)].compactMap(\.self) { try wrap(key, part, secret) }
    }

    /// Checks that a session key that was found can be wrapped and unwrapped.
    private static func wrap(_ key: SessionKey, _ part: ECDHSubkey, _ secret: SecretSubkey) throws(FuzzFailure) {
        // Without the packet's header of two bytes.
        let packet = (try? PKESK.make(key, for: part))?.dropFirst(2)
        let again = packet.flatMap { try? PKESK.open(Array($0), with: secret) }
        try require(again != nil, "a wrapped key cannot be opened")
    }

    /// Makes a subkey whose secret part may be known to anybody.
    private static func open() -> (ECDHSubkey, SecretSubkey)? {
        let number = (0..<32).map { $0 == 31 ? 64 : UInt8($0 << 3) }
        guard let scalar = number.withUnsafeBytes({ SecretBytes(copying: $0) }), let point = X25519.point(of: scalar)
        else { return nil }
        let curve: [UInt8] = [10, 0x2b, 6, 1, 4, 1, 0x97, 0x55, 1, 5, 1]
        let body = [4, 0, 0, 0, 1, 18] + curve + [1, 7, 0x40] + point + [3, 1, 8, 7]
        guard let part = try? ECDHSubkey(body), let secret = SecretSubkey(part, scalar) else { return nil }
        return (part, secret)
    }
}
