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
        try client.require(good[96] == 0xd2 && good[97] == 0xe9, "another framing than expected")
        let other = try stored("other", Data.random(300_000, seed: 12))
        try add("early", good.flipped(400), plain)
        try add("middle", good.flipped(150_000), plain)
        try add("last", good.flipped(good.count - 1), plain)
        try add("length", good.flipped(98 + 512), plain)
        try add("chunk", good.prefix(98 + 512 + 1 + 32768), plain)
        try add("cut", good.dropLast(), plain)
        try add("more", good + Data(count: 1), plain)
        try add("twice", good + good, plain)
        try add("header", other.prefix(96) + good.dropFirst(96), plain)
        try add("stranger", TestKeys.encryptToStranger(plain), plain)
        try add("aead", start + Data([0xd4]) + good.dropFirst(97), plain)
        try add("literal", Data([0xcb, 11, 0x62, 0, 0, 0, 0, 0]) + Data("hello".utf8), plain)
        try add("nothing", Data(), plain)
        // Framed as one that has no octets: 49 around an empty literal packet.
        let hollow = Data([0xd2, 0xff, 0, 0, 0, 49]) + good.dropFirst(98).prefix(49)
        try add("hollow", start + hollow, plain)
        let long = Data.random(5 << 20, seed: 13)
        let large = try stored("large", long)
        files.append(File(name: "large", plain: long, isGood: true))
        try add("large-early", large.flipped(400), long)
        try add("large-middle", large.flipped(2 << 20), long)
        try add("large-last", large.flipped(large.count - 1), long)
        try add("large-cut", large.prefix(98 + 512 + 100 * 32769), long)
        wire.close()
    }

    /// Those without damaged files of which the beginning can be read.
    var thatOpenOnlyIfGood: DamagedFiles {
        var some = self
        some.files.removeAll { $0.isStreamed && !$0.isGood }
        return some
    }

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
