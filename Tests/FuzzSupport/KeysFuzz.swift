internal import OpenPGP
private import Secrets

/// The input as a packet with a session key in it, as what is wrapped in one, and as a subkey that packets are made
/// for.
enum KeysFuzz {
    private static let subkey = open()

    static func run(_ input: [UInt8]) throws(FuzzFailure) {
        guard let (part, secret) = subkey, let content = input.withUnsafeBytes({ SecretBytes(copying: $0) }) else {
            throw FuzzFailure(description: "there is no subkey to open packets with")
        }
        let (opened, other): (SessionKey?, CurveSubkey?)
        do throws(OpenPGPError) {
            (opened, other) = (try PKESK.open(input, with: secret), try CurveSubkey(input))
        } catch {
            throw FuzzFailure(description: "bytes are an error instead of no key: \(error)")
        }
        if let other { try require(input.starts(with: [4]), "\(other) is taken for a subkey") }
        for key in [opened, PKESK.sessionKey(content)].compactMap(\.self) { try wrap(key, part, secret) }
    }

    /// A key that was found can be sent again.
    private static func wrap(_ key: SessionKey, _ part: CurveSubkey, _ secret: SecretSubkey) throws(FuzzFailure) {
        // The packet's header takes two bytes.
        let packet = (try? PKESK.make(key, for: part))?.dropFirst(2)
        let again = packet.flatMap { try? PKESK.open(Array($0), with: secret) }
        try require(again != nil, "a wrapped key cannot be opened")
    }

    /// A subkey whose secret part anybody may know.
    private static func open() -> (CurveSubkey, SecretSubkey)? {
        let number = (0..<32).map { $0 == 31 ? 64 : UInt8($0 << 3) }
        guard let scalar = number.withUnsafeBytes({ SecretBytes(copying: $0) }), let point = X25519.point(of: scalar)
        else { return nil }
        let curve: [UInt8] = [10, 0x2b, 6, 1, 4, 1, 0x97, 0x55, 1, 5, 1]
        let body = [4, 0, 0, 0, 1, 18] + curve + [1, 7, 0x40] + point + [3, 1, 8, 7]
        guard let part = try? CurveSubkey(body), let secret = SecretSubkey(part, scalar) else { return nil }
        return (part, secret)
    }
}
