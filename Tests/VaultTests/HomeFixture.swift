import Foundation
import GnuPG
import OpenPGP
import SFTP
import Secrets
import TestSupport
import Testing
import Vault

/// A home directory with real keys and a real gpg, and SFTP clients for it in this process.
final class HomeFixture {
    let scratch: Scratch
    /// What sessions share that are not the owner's.
    let books = MemoryBooks()
    private let owner: SessionHome?
    private let others: SessionHome?

    /// - Parameters:
    ///   - isOwner: whether there are sessions with the secret key, which see plaintext.
    ///   - isShared: whether there are sessions of both kinds.
    init(isOwner: Bool = true, isShared: Bool = false) throws {
        let made = try TestKeys.shared.get()
        scratch = try Scratch()
        let engine = TestEngine.name.flatMap { EngineKind(rawValue: $0) } ?? .native
        if isOwner || isShared {
            let secret = try #require(
                Array(TestKeys.passphrase.utf8).withUnsafeBytes { SecretBytes(copying: $0) })
            owner = try SessionHome(
                keysIn: made.directory, fingerprint: made.fingerprint, passphrase: secret, engine: engine)
        } else {
            owner = nil
        }
        others =
            isOwner && !isShared
            ? nil : try SessionHome(publicKeysIn: made.directory, fingerprint: made.fingerprint, engine: engine)
        try FileManager.default.createDirectory(
            at: scratch.url.appending(path: "home"), withIntermediateDirectories: true)
    }

    /// A new session.
    ///
    /// - Parameters:
    ///   - view: nil takes the owner's, or without an owner that of a visit to the home.
    ///   - login: who stores what such a session stores.
    ///   - place: the session's root, below the home.
    ///   - mostLevels: the most names in a path of a session that is not the owner's.
    ///   - spoolSize: bytes it may use for scratch space.
    ///   - verifiedFirst: bytes up to which files are verified when they are opened.
    ///   - portableNames: whether names are stored as FAT and exFAT need them.
    ///   - pause: called around each lock of a directory.
    func connect(
        as view: View? = nil, login: String = "key", at place: String = "", mostLevels: Int? = nil,
        spoolSize: UInt64 = 1 << 30, verifiedFirst: UInt64 = 128 << 20, portableNames: Bool = false,
        pause: @escaping () -> Void = {}
    ) throws -> Exchange {
        let data = try Directory(path: scratch.url.path)
        let view = view ?? (owner == nil ? .visit : .plaintext)
        let keys = try #require(view == .plaintext ? owner : others)
        return try Exchange(
            VaultFileSystem(
                user: "tester", view: view, drafts: DraftsDirectory(in: data),
                home: Directory(path: scratch.path("home/" + place)),
                volume: Volume(of: data, isPortable: portableNames), cryptor: keys.cryptor, spoolSize: spoolSize,
                verifiedFirst: verifiedFirst, ledger: MemoryLedger(books, login: login), mostLevels: mostLevels,
                pause: pause, report: { _ in }))
    }

    /// How the engine under test frames messages.
    var framing: ContentFraming { (owner ?? others)?.cryptor.framing ?? .native }

    /// The names in the home directory on the disk.
    var stored: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: scratch.path("home"))) ?? []).sorted()
    }

    /// The names in the drafts directory.
    var drafts: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: scratch.path(".cryptsftp-drafts"))) ?? []
    }

    /// Decrypts a stored file with stock gpg.
    func recover(_ name: String) throws -> [UInt8] {
        let made = try TestKeys.gpg(
            TestKeys.shared.get().directory, ["--decrypt", scratch.path("home/\(name)")])
        try #require(made.status == 0, "\(made.errors)")
        return [UInt8](made.output)
    }
}

extension Exchange {
    /// Reads `count` bytes from `offset` on; fewer at the end of the file.
    func read(_ handle: Handle, at offset: UInt64 = 0, _ count: Int = .max) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let length = UInt32(min(count - bytes.count, 100_000))
            let reply = try ask(RequestWriter.read(handle, at: offset + UInt64(bytes.count), length))
            guard case .data(let more)? = reply else {
                try #require(reply?.code == 1, "\(String(describing: reply))")
                break
            }
            bytes += more
        }
        return bytes
    }

    /// Reads a whole file.
    func read(_ path: String) throws -> [UInt8] {
        let handle = try #require(try open(path, .read))
        let bytes = try read(handle)
        #expect(try ask(RequestWriter.onHandle(.close, handle)) == .ok)
        return bytes
    }

    /// Writes in pieces that fit a packet.
    ///
    /// - Returns: the first reply that is not OK, or else the last.
    func write(_ handle: Handle, at offset: UInt64, _ bytes: [UInt8]) throws -> Reply? {
        var reply: Reply? = .ok
        for start in stride(from: 0, to: bytes.count, by: 200_000) where reply == .ok {
            let piece = bytes[start..<min(start + 200_000, bytes.count)]
            reply = try ask(RequestWriter.write(handle, at: offset + UInt64(start), Array(piece)))
        }
        return reply
    }

    func close(_ handle: Handle) throws -> Reply? { try ask(RequestWriter.onHandle(.close, handle)) }

    /// Writes a whole file, from its start to its end.
    func put(_ path: String, _ bytes: [UInt8]) throws {
        let handle = try #require(try open(path, [.write, .create, .truncate]))
        #expect(try write(handle, at: 0, bytes) == .ok)
        #expect(try close(handle) == .ok)
    }

    /// The size that STAT tells, or nil.
    func size(_ path: String) throws -> UInt64? {
        guard case .attributes(let attributes)? = try ask(RequestWriter.onPaths(.stat, path)) else { return nil }
        return attributes.size
    }
}
