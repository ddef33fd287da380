import Foundation
import TestSupport

/// A home with damaged files, and good ones beside them.
struct DamagedFiles {
    struct File {
        let name: String
        /// The plaintext; for a damaged file the one that was stored once.
        let plain: Data
        /// Whether reading all of it is to succeed.
        var isGood = false
        /// Whether it is so large that its beginning is given out before its end was looked at.
        var isStreamed: Bool { plain.count > 1 << 20 }
    }

    /// The line for server.conf by which files of more than a megabyte are large.
    static let limits = "\n[limits]\nverify_megabytes = 1\n"

    private(set) var files: [File] = []
    private let folder: URL

    /// Stores files for "alice" and damages copies of them.
    init(_ client: Interop) throws {
        folder = client.server.data.appending(path: "alice")
        let wire = try client.server.wire("alice")
        _ = try wire.initialize()
        func stored(_ name: String, _ plain: Data) throws -> Data {
            try client.require(try wire.upload("/" + name, plain) == .ok, "upload")
            return try Data(contentsOf: folder.appending(path: name + ".gpg"))
        }
        let plain = Data.random(300_000, seed: 11)
        let good = try stored("good", plain)
        files.append(File(name: "good", plain: plain, isGood: true))
        // What gpg makes of the session key takes 96 octets, and the framing begins with a piece of 512.
        let start = good.prefix(96)
        let header = Data([0xd2])
        try client.require(good[96] == 0xd2 && good[97] == 0xe9, "another framing than expected")
        let other = try stored("other", Data.random(300_000, seed: 12))
        for (name, octets) in [
            ("early", good.flipped(400)), ("middle", good.flipped(150_000)), ("last", good.flipped(good.count - 1)),
            ("length", good.flipped(98 + 512)), ("chunk", good.prefix(98 + 512 + 1 + 32768)),
            ("cut", good.dropLast()), ("more", good + [0]), ("twice", good + good),
            ("header", other.prefix(96) + good.dropFirst(96)),
            ("stranger", try TestKeys.encryptToStranger(plain)),
            ("aead", start + [0xd4] + good.dropFirst(97)),
            ("literal", [0xcb, 11, 0x62, 0, 0, 0, 0, 0] + Data("hello".utf8)),
            ("nothing", Data()),
            // Framed as one that has no octets: 49 around an empty literal packet.
            ("hollow", start + header + [0xff, 0, 0, 0, 49] + good.dropFirst(98).prefix(49)),
        ] {
            try add(name, octets, plain)
        }
        let long = Data.random(5 << 20, seed: 13)
        let large = try stored("large", long)
        files.append(File(name: "large", plain: long, isGood: true))
        for (name, octets) in [
            ("large-early", large.flipped(400)), ("large-middle", large.flipped(2 << 20)),
            ("large-last", large.flipped(large.count - 1)), ("large-cut", large.prefix(98 + 512 + 100 * 32769)),
        ] {
            try add(name, octets, long)
        }
        wire.close()
    }

    /// Leaves out damaged files of which the beginning can be read.
    mutating func leaveOutStreamed() { files.removeAll { $0.isStreamed && !$0.isGood } }

    private mutating func add(_ name: String, _ octets: Data, _ plain: Data) throws {
        try octets.write(to: folder.appending(path: name + ".gpg"))
        files.append(File(name: name, plain: plain))
    }
}

extension Data {
    fileprivate func flipped(_ index: Int) -> Data {
        var octets = self
        octets[startIndex + index] ^= 0x04
        return octets
    }
}
