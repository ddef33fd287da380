import Foundation
import OpenPGP
import SFTP
import TestSupport
import Testing

/// A damaged file reads as the bytes that were stored, or as an error, never as anything else.
@Suite(.serialized) struct NeverLieTests {
    private let home: HomeFixture
    /// Verifies files when it opens them.
    private let session: Exchange
    /// Streams every file, as if it were large: its first bytes are returned before its last ones are verified.
    private let streaming: Exchange
    private var random = SeededNumbers(for: "NeverLieTests")

    /// The framing of messages that this program does not write.
    private static let foreignFraming = ContentFraming.gnupg(.small)

    init() throws {
        home = try HomeFixture()
        session = try home.connect()
        streaming = try home.connect(verifiedFirst: 0)
    }

    private func gpg(_ plain: [UInt8], _ options: [String]) throws -> Data {
        let keys = try TestKeys.shared.get()
        let made = try TestKeys.gpg(
            keys.directory, options + ["--recipient", keys.fingerprint, "--encrypt"], input: Data(plain))
        try #require(made.status == 0, "\(made.errors)")
        return made.output
    }

    /// A message of this program.
    private func uploaded(_ count: Int, seed: UInt64 = 7) throws -> GoodMessage {
        let plain = [UInt8](Data.random(count, seed: UInt64(count) + seed))
        try session.put("/good", plain)
        let bytes = try Data(contentsOf: URL(filePath: home.scratch.path("home/good.gpg")))
        return try GoodMessage("\(count) bytes", bytes, plain, home.framing)
    }

    /// A message of stock gpg.
    private func madeElsewhere(_ what: String, _ options: [String], _ count: Int = 20_000) throws -> GoodMessage {
        let plain = Array((0..<count / 10).map { "line \($0) \n" }.joined().utf8)
        return try GoodMessage(what, gpg(plain, options), plain, NeverLieTests.foreignFraming)
    }

    private mutating func expectNoLie(_ all: [Damage]) throws {
        let cases = Damage.samples(of: all, &random)
        var tally = Tally()
        for (index, damage) in cases.enumerated() {
            let name = "case\(index)"
            let file = try home.scratch.file("home/\(name).gpg", damage.bytes)
            defer { try? FileManager.default.removeItem(at: file) }
            let reader = SuspiciousReader(streaming, "/" + name, damage)
            try reader.inOrder(&tally)
            if index % 3 == 0 { try reader.anywhere(&tally, .read, &random) }
            if index % 5 == 0 {
                try reader.anywhere(&tally, [.read, .write], &random)
                // A client may take a later error for the end of the file, so a damaged file must not open.
                try SuspiciousReader(session, "/" + name, damage).opens(&tally)
                let left = try Data(contentsOf: file)
                #expect(left == damage.bytes, "\(damage.what): reading has changed it")
            }
        }
        print("\(cases.count) of \(all.count) damaged files: \(tally)")
        // Without an error, the test would prove nothing.
        #expect(tally.failed + tally.refused > 0)
    }

    @Test(arguments: [0, 1, 700, 40 << 10, 200 << 10])
    mutating func flippedBytes(count: Int) throws {
        let good = try uploaded(count)
        try expectNoLie(good.flips(head: count == 700 ? 0..<600 : nil, turn: count, &random))
    }

    @Test(arguments: [["-z0"], ["-z9"], ["-z0", "--sign"], ["--sign"]])
    mutating func flippedBytesOfMessagesMadeElsewhere(options: [String]) throws {
        let good = try madeElsewhere("\(options)", options)
        try expectNoLie(good.flips(head: options == ["-z0"] ? 0..<300 : nil, turn: options.count, &random))
    }

    @Test(arguments: [0, 1, 700, 40 << 10, 200 << 10])
    mutating func cutOffAndContinued(count: Int) throws {
        let good = try uploaded(count)
        try expectNoLie(good.truncations() + good.additions() + good.otherPackets())
    }

    @Test(arguments: [["-z0"], ["-z9"], ["--sign"]])
    mutating func cutOffAndContinuedMessagesMadeElsewhere(options: [String]) throws {
        let good = try madeElsewhere("\(options)", options)
        try expectNoLie(good.truncations() + good.additions() + good.otherPackets())
    }

    /// Other packets of OpenPGP, inside an intact encryption or around one.
    @Test mutating func otherContents() throws {
        let literal = GoodMessage.literal
        let hello = Array("hello".utf8)
        func inside(_ what: String, _ packets: Data, _ truth: [UInt8]? = nil) throws -> Damage {
            Damage(what: what, bytes: try gpg([UInt8](packets), ["-z0", "--no-literal"]), truth: truth)
        }
        let compressed = Data([0xa3, 0]) + literal
        let keys = try TestKeys.shared.get()
        let toAnotherKey = try TestKeys.encryptToAnotherKey(Data(hello))
        let good = try uploaded(700)
        try expectNoLie([
            Damage(what: "a literal packet", bytes: literal),
            Damage(what: "a compressed literal packet", bytes: compressed),
            Damage(what: "text", bytes: Data("just some text, longer than a header".utf8)),
            Damage(what: "zeros", bytes: Data(count: 1000)),
            Damage(what: "nothing", bytes: Data()),
            Damage(what: "signed only", bytes: try TestKeys.gpg(keys.directory, ["--sign"], input: Data(hello)).output),
            Damage(
                what: "to a passphrase only",
                bytes: try TestKeys.gpg(keys.directory, ["--symmetric"], input: Data(hello)).output),
            Damage(what: "armoured", bytes: try gpg(hello, ["--armor"])),
            Damage(what: "to another key", bytes: toAnotherKey),
            Damage(
                what: "another key's session key packet",
                bytes: try GoodMessage("", toAnotherKey, hello, NeverLieTests.foreignFraming).start
                    + good.bytes.dropFirst(good.start.count)),
            Damage(
                what: "another key's session key packet first",
                bytes: try GoodMessage("", toAnotherKey, hello, NeverLieTests.foreignFraming).start + good.bytes,
                truth: good.plain),
            try inside("a literal packet inside", literal, hello),
            try inside("two literal packets inside", literal + literal),
            try inside("two literal packets inside, compressed", Data([0xa3, 0]) + literal + literal),
            try inside("a literal packet and a compressed one inside", literal + compressed),
            try inside("a message inside a message", good.bytes),
            try inside("nothing inside", Data()),
            try inside("no packet inside", Data(count: 1000)),
            try inside("a literal packet that is longer than the message", [0xcb, 200] + literal.dropFirst(2)),
            try inside("a literal packet and zeros inside", literal + Data(count: 10)),
        ])
    }

    /// A message does not contain its name: a file that is swapped reads as the other one, never as a mixture.
    @Test mutating func swappedFiles() throws {
        let one = try uploaded(700)
        let two = try uploaded(701)
        for (name, good) in [("one", one), ("two", two)] {
            try home.scratch.file("home/\(name).gpg", good.bytes)
            #expect(try session.read("/\(name)") == good.plain)
        }
        let handle = try #require(try session.open("/one", .read))
        #expect(try session.read(handle, at: 500, 10) == Array(one.plain[500..<510]))
        let files = ["one", "two", "three"].map { home.scratch.path("home/\($0).gpg") }
        for (old, new) in [(0, 2), (1, 0), (2, 1)] { #expect(rename(files[old], files[new]) == 0) }
        #expect(try session.read("/one") == two.plain)
        #expect(try session.read("/two") == one.plain)
        #expect(try session.size("/one") == 701)
        // The open file is still the same version.
        #expect(try session.read(handle, at: 600, 10) == Array(one.plain[600..<610]))
        #expect(try session.close(handle) == .ok)
    }

    /// A file that is overwritten in place while it is read is never read as a mixture of both.
    @Test mutating func aFileThatIsOverwrittenWhileItIsRead() throws {
        let one = try uploaded(40_000)
        let other = try uploaded(40_000, seed: 99)
        #expect(one.bytes.count == other.bytes.count)
        let file = try home.scratch.file("home/one.gpg", one.bytes)
        let handle = try #require(try session.open("/one", .read))
        #expect(try session.read(handle, at: 20_000, 10) == Array(one.plain[20_000..<20_010]))
        let writer = try FileHandle(forWritingTo: file)
        try writer.write(contentsOf: other.bytes)
        for offset in [UInt64(20_010), 0, 39_990] {
            #expect(try session.ask(RequestWriter.read(handle, at: offset, 10))?.code == 4)
        }
        #expect(try session.close(handle) == .ok)
        #expect(try session.read("/one") == other.plain)
    }

    /// A change of attributes does not end a download.
    @Test mutating func aFileThatIsRenamedWhileItIsRead() throws {
        let one = try uploaded(40_000)
        try home.scratch.file("home/one.gpg", one.bytes)
        let handle = try #require(try session.open("/one", .read))
        #expect(try session.read(handle, at: 20_000, 10) == Array(one.plain[20_000..<20_010]))
        let attributes = FileAttributes(
            permissions: 0o600, times: .init(access: 1_300_000_000, modification: 1_200_000_000))
        #expect(try session.ask(RequestWriter.onPath(.setstat, "/one", attributes)) == .ok)
        #expect(try session.ask(RequestWriter.onPaths(.rename, "/one", "/two")) == .ok)
        #expect(try session.read(handle) == one.plain)
        #expect(try session.close(handle) == .ok)
    }

    /// A write-only session gets the stored bytes, damaged or not.
    @Test mutating func cipherTextIsGivenAsItIs() throws {
        let good = try uploaded(700)
        let theirs = try HomeFixture(isOwner: false)
        let client = try theirs.connect()
        let all = try good.truncations() + good.additions() + good.otherPackets() + good.flips(turn: 0, &random)
        let cases = Damage.samples(of: all, &random)
        for (index, damage) in cases.enumerated() {
            try theirs.scratch.file("home/case\(index).gpg", damage.bytes)
            for name in ["/case\(index)", "/case\(index).gpg"] {
                #expect(try client.read(name) == [UInt8](damage.bytes), "\(damage.what)")
            }
            // The stored name has the stored size; the other one has that of the plaintext, where the framing tells it.
            #expect(try client.size("/case\(index).gpg") == UInt64(damage.bytes.count), "\(damage.what)")
        }
    }
}

/// The numbers of readings by result.
struct Tally: CustomStringConvertible {
    var refused = 0
    var failed = 0
    var right = 0
    var description: String { "\(refused) not opened, \(failed) failed, \(right) right" }
}

/// A client that compares each answer with the plaintext that was stored.
struct SuspiciousReader {
    private let session: Exchange
    private let path: String
    private let damage: Damage

    init(_ session: Exchange, _ path: String, _ damage: Damage) {
        self.session = session
        self.path = path
        self.damage = damage
    }

    private func opened(_ flags: OpenFlags, _ tally: inout Tally) throws -> Handle? {
        let handle = try session.open(path, flags)
        if handle == nil { tally.refused += 1 }
        return handle
    }

    /// The size that FSTAT tells.
    private func size(_ handle: Handle) throws -> UInt64 {
        guard case .attributes(let attributes)? = try session.ask(RequestWriter.onHandle(.fstat, handle)) else {
            return 0
        }
        return attributes.size ?? 0
    }

    private func expectRightSize(_ told: UInt64) {
        #expect(told == damage.truth.map { UInt64($0.count) }, "\(damage.what): \(told) bytes listed, and read")
    }

    /// Reads from the start to the end.
    func inOrder(_ tally: inout Tally) throws {
        guard let handle = try opened(.read, &tally) else { return }
        let told = try size(handle)
        expectHonest(emptiness: told)
        var bytes: [UInt8] = []
        while true {
            let reply = try session.ask(RequestWriter.read(handle, at: UInt64(bytes.count), 32768))
            if case .data(let more)? = reply {
                bytes += more
                continue
            }
            if reply?.code == 1 {
                tally.right += 1
                #expect(bytes == damage.truth, "\(damage.what): \(bytes.count) bytes and then the end")
                expectRightSize(told)
            } else {
                tally.failed += 1
                try expectFailure(handle, UInt64(bytes.count), told)
            }
            break
        }
        #expect(try session.close(handle) == .ok)
    }

    /// Opens the file, and reads its first bytes if that succeeds.
    func opens(_ tally: inout Tally) throws {
        for flags in [OpenFlags.read, [.read, .write]] {
            guard let handle = try opened(flags, &tally) else { continue }
            expectRightSize(try size(handle))
            let reply = try session.ask(RequestWriter.read(handle, at: 0, 100))
            let start = Array((damage.truth ?? []).prefix(100))
            let isRight = start.isEmpty ? reply?.code == 1 : reply == .data(start)
            #expect(isRight, "\(damage.what): the first bytes, by \(flags)")
            tally.right += 1
            #expect(try session.close(handle) == .ok)
        }
    }

    /// Checks a size of 0, after which some clients (a mount, curl) send no READ.
    private func expectHonest(emptiness told: UInt64) {
        if told == 0 { #expect(damage.truth == [], "\(damage.what): opened as an empty file") }
    }

    /// Checks that all READs fail after one has failed.
    private func expectFailure(_ handle: Handle, _ offset: UInt64, _ told: UInt64) throws {
        for again in [offset, 0, told, told &+ 1000] {
            let reply = try session.ask(RequestWriter.read(handle, at: again, 100))
            #expect(reply?.code == 4 || reply?.code == 3, "\(damage.what): at \(again), after an error")
        }
    }

    /// Reads at several offsets: each byte has to be right, and so has the end.
    func anywhere(_ tally: inout Tally, _ flags: OpenFlags, _ random: inout some RandomNumberGenerator) throws {
        guard let handle = try opened(flags, &tally) else { return }
        let told = try size(handle)
        expectHonest(emptiness: told)
        let last = told - min(told, 1)
        let some = (0..<3).map { _ in UInt64.random(in: min(last, 1)...last, using: &random) }
        // The first READ decides whether the file is verified: past the end, the last byte, or any.
        let offsets = ([told, last, told &+ 40_000] + some).shuffled(using: &random) + [0, last, told]
        var failures = 0
        for offset in offsets {
            let reply = try session.ask(RequestWriter.read(handle, at: offset, 1000))
            switch reply {
            case .data(let bytes)?:
                let part = damage.truth?.dropFirst(Int(offset)).prefix(bytes.count)
                #expect(part == bytes[...], "\(damage.what): \(bytes.count) bytes at \(offset), by \(flags)")
            case .status(1, _)?:
                let isEnd = damage.truth.map { offset >= UInt64($0.count) } ?? false
                #expect(isEnd, "\(damage.what): the end at \(offset), by \(flags)")
            default: failures += 1
            }
        }
        #expect(failures == 0 || failures == offsets.count, "\(damage.what): \(failures) failures, by \(flags)")
        if failures == 0 {
            tally.right += 1
            expectRightSize(told)
        } else {
            tally.failed += 1
        }
        #expect(try session.close(handle) == .ok || failures > 0)
    }
}
