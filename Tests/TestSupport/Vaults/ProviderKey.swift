package import Foundation

/// A key of somebody who can write to a vault and knows no passphrase, such as a provider of synchronisation.
package final class ProviderKey {
    package let fingerprint: String
    private let scratch: Scratch
    private var home: URL { scratch.url.appending(path: "g") }

    /// Makes the key with stock gpg.
    ///
    /// - Parameter passphrase: empty for a key without one.
    package init(passphrase: String = "") throws {
        scratch = try Scratch()
        let home = scratch.url.appending(path: "g")
        try ProviderKey.makeHome(home)
        let made = try ProviderKey.gpg(
            home, ["--passphrase", passphrase, "--quick-gen-key", "alice", "future-default", "default", "never"])
        let listed = try ProviderKey.gpg(home, ["--list-keys", "--with-colons"])
        let line = listed.text.split(separator: "\n").first { $0.hasPrefix("fpr:") }
        guard made.status == 0, let fingerprint = line?.split(separator: ":").last else {
            throw Unexpected(description: made.errors)
        }
        self.fingerprint = String(fingerprint)
    }

    deinit { _ = try? Command.run("gpgconf", ["--homedir", home.path, "--kill", "all"]) }

    private static func makeHome(_ home: URL) throws {
        try FileManager.default.createDirectory(
            at: home, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try Data("s2k-count 65536\n".utf8).write(to: home.appending(path: "gpg-agent.conf"))
    }

    private static func gpg(_ home: URL, _ arguments: [String], input: Data? = nil) throws -> Command {
        try Command.run(
            "gpg",
            [
                "--homedir", home.path, "--batch", "--yes", "--quiet", "--trust-model", "always", "--pinentry-mode",
                "loopback",
            ] + arguments, input: input)
    }

    // MARK: What the provider does to a vault

    /// Adds the public key to a key directory.
    package func addPublicKey(to keys: URL) throws {
        try merge(ProviderKey.gpg(home, ["--export"]).output, into: keys)
    }

    /// Adds the files of the secret key to a key directory.
    ///
    /// - Parameter change: changes the contents of each file.
    package func addSecretKey(to keys: URL, _ change: (Data) -> Data = { $0 }) throws {
        let secret = home.appending(path: "private-keys-v1.d")
        for name in try FileManager.default.contentsOfDirectory(atPath: secret.path) where name.hasSuffix(".key") {
            try change(Data(contentsOf: secret.appending(path: name)))
                .write(to: keys.appending(path: "private-keys-v1.d/\(name)"))
        }
    }

    /// Names the key in server.conf as a user's.
    package func use(for user: String, in configuration: URL) throws {
        let text = try String(contentsOf: configuration, encoding: .utf8)
        guard let start = text.range(of: "name = \"\(user)\""),
            let line = text[start.upperBound...].firstRange(of: /key = "[0-9A-F]{40}"/)
        else { throw Unexpected(description: text) }
        try Data(text.replacingCharacters(in: line, with: "key = \"\(fingerprint)\"").utf8).write(to: configuration)
    }

    /// Adds the subkey to the user's own key, with a signature that is none and that the keyring says is verified.
    ///
    /// Source: gnupg `doc/DETAILS`, "GPG internal packets": a ring trust packet is the cache of a signature's result.
    package func forgeSubkey(of user: String, in keys: URL) throws {
        let copy = scratch.url.appending(path: "f-\(UUID().uuidString.prefix(4))")
        try ProviderKey.makeHome(copy)
        try FileManager.default.copyItem(
            at: keys.appending(path: "pubring.kbx"), to: copy.appending(path: "pubring.kbx"))
        let export = ["--export-options", "backup", "--export"]
        let own = try ProviderKey.gpg(copy, export + [user]).output
        let other = try ProviderKey.gpg(home, export).output
        let (victim, foreign) = try (ProviderKey.packets(own), ProviderKey.packets(other))
        guard let key = victim.first, let start = foreign.firstIndex(where: { $0.tag == 14 }) else {
            throw Unexpected(description: "no key")
        }
        let listed = try ProviderKey.gpg(copy, ["--list-keys", "--with-colons", user]).text
        guard key.tag == 6, let line = listed.split(separator: "\n").first(where: { $0.hasPrefix("fpr:") }),
            let digits = line.split(separator: ":").last
        else { throw Unexpected(description: listed) }
        let (from, to) = (Data(hex: fingerprint), Data(hex: String(digits)))
        var forged = own
        for packet in foreign[start...] {
            var whole = packet.whole
            if packet.tag == 2 {
                whole = Data.replacing(from, with: to, in: whole)
                whole = Data.replacing(from.suffix(8), with: to.suffix(8), in: whole)
            } else if packet.tag == 12 {
                // "Checked", and "valid".
                whole[packet.whole.count - packet.length + 1] = 3
            }
            forged += whole
        }
        let imported = try ProviderKey.gpg(copy, ["--import-options", "restore", "--import"], input: forged)
        guard imported.status == 0 else { throw Unexpected(description: imported.errors) }
        try Data(contentsOf: copy.appending(path: "pubring.kbx")).write(to: keys.appending(path: "pubring.kbx"))
        _ = try Command.run("gpgconf", ["--homedir", copy.path, "--kill", "all"])
    }

    /// Decrypts a stored file with the provider's key alone.
    ///
    /// - Returns: nil when it does not.
    package func decrypt(_ file: URL) throws -> Data? {
        let run = try ProviderKey.gpg(home, ["--passphrase", "", "--decrypt", file.path])
        return run.status == 0 ? run.output : nil
    }

    private func merge(_ key: Data, into keys: URL) throws {
        let copy = scratch.url.appending(path: "m-\(UUID().uuidString.prefix(4))")
        try ProviderKey.makeHome(copy)
        let ring = keys.appending(path: "pubring.kbx")
        if FileManager.default.fileExists(atPath: ring.path) {
            try FileManager.default.copyItem(at: ring, to: copy.appending(path: "pubring.kbx"))
        }
        let run = try ProviderKey.gpg(copy, ["--import"], input: key)
        guard run.status == 0 else { throw Unexpected(description: run.errors) }
        try Data(contentsOf: copy.appending(path: "pubring.kbx")).write(to: ring)
        _ = try Command.run("gpgconf", ["--homedir", copy.path, "--kill", "all"])
    }

    /// Cuts an export into its packets.
    private static func packets(_ data: Data) throws -> [(tag: UInt8, whole: Data, length: Int)] {
        let bytes = [UInt8](data)
        var packets: [(UInt8, Data, Int)] = []
        var start = 0
        while start < bytes.count {
            let size = 1 << Int(bytes[start] & 3)
            guard bytes[start] & 0xc0 == 0x80, start + 1 + size <= bytes.count else {
                throw Unexpected(description: "a packet of another format")
            }
            let length = bytes[(start + 1)..<(start + 1 + size)].reduce(0) { $0 << 8 | Int($1) }
            let end = start + 1 + size + length
            packets.append((bytes[start] >> 2 & 15, Data(bytes[start..<end]), length))
            start = end
        }
        return packets
    }
}

extension Data {
    fileprivate init(hex: String) {
        let digits = hex.compactMap(\.hexDigitValue).map { UInt8($0) }
        self.init(stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
    }

    fileprivate static func replacing(_ part: Data, with other: Data, in data: Data) -> Data {
        var result = data
        var from = result.startIndex
        while let range = result.range(of: part, in: from..<result.endIndex) {
            result.replaceSubrange(range, with: other)
            from = range.upperBound
        }
        return result
    }
}
