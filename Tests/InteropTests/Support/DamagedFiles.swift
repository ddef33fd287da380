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
    private let directory: URL

    /// Stores files for "alice" and damages copies of them.
    init(_ client: Interop) throws {
        directory = client.server.data.appending(path: "alice")
        let wire = try client.server.wire("alice")
        _ = try wire.initialize()
        func stored(_ name: String, _ plain: Data) throws -> Data {
            try client.require(try wire.upload("/" + name, plain) == .ok, "upload")
            return try Data(contentsOf: directory.appending(path: name + ".gpg"))
        }
        let plain = Data.random(300_000, seed: 11)
        let good = try stored("good", plain)
        files.append(File(name: "good", plain: plain, isGood: true))
        let pieces = try StoredPieces(good)
        let start = good.prefix(pieces.data)
        // The first byte after the first length.
        let first = pieces.lengths[0] + 1
        let other = try stored("other", Data.random(300_000, seed: 12))
        try add("early", good.flipped(400), plain)
        try add("middle", good.flipped(150_000), plain)
        try add("last", good.flipped(good.count - 1), plain)
        try add("length", good.flipped(pieces.lengths[1]), plain)
        try add("chunk", good.prefix(pieces.lengths[2]), plain)
        try add("cut", good.dropLast(), plain)
        try add("more", good + Data(count: 1), plain)
        try add("twice", good + good, plain)
        try add("header", other.prefix(pieces.data) + good.dropFirst(pieces.data), plain)
        try add("other-key", TestKeys.encryptToAnotherKey(plain), plain)
        try add("aead", start + Data([0xd4]) + good.dropFirst(pieces.data + 1), plain)
        try add("literal", Data([0xcb, 11, 0x62, 0, 0, 0, 0, 0]) + Data("hello".utf8), plain)
        try add("nothing", Data(), plain)
        // Framed as one that has no bytes.
        let empty = try stored("empty", Data())
        let header = empty.dropFirst(try StoredPieces(empty).data).prefix(6)
        let body = good.dropFirst(first).prefix(Int(header[header.endIndex - 1]))
        try add("hollow", start + header + body, plain)
        let long = Data.random(5 << 20, seed: 13)
        let large = try stored("large", long)
        files.append(File(name: "large", plain: long, isGood: true))
        try add("large-early", large.flipped(400), long)
        try add("large-middle", large.flipped(2 << 20), long)
        try add("large-last", large.flipped(large.count - 1), long)
        try add("large-cut", large.prefix(StoredPieces(large).lengths[50]), long)
        wire.close()
    }

    /// Those without damaged files of which the beginning can be read.
    var thatOpenOnlyIfGood: DamagedFiles {
        var some = self
        some.files.removeAll { $0.isStreamed && !$0.isGood }
        return some
    }

    private mutating func add(_ name: String, _ bytes: Data, _ plain: Data) throws {
        try bytes.write(to: directory.appending(path: name + ".gpg"))
        files.append(File(name: name, plain: plain))
    }
}

extension Data {
    fileprivate func flipped(_ index: Int) -> Data {
        var bytes = self
        bytes[startIndex + index] ^= 0x04
        return bytes
    }
}
