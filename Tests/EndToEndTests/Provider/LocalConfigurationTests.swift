import Foundation
import TestSupport
import Testing

/// `./server.conf` counts without `-c` only where nobody else can have put it.
@Suite(.serialized) struct LocalConfigurationTests {
    private let scratch: Scratch
    private var vault: URL { scratch.url.appending(path: "vault") }
    private var place: URL { scratch.url.appending(path: "place") }

    init() throws {
        scratch = try Scratch()
        for directory in [vault, place] {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            try TestVaults.copy([("alice", "rw")], to: directory)
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: place.appending(path: "Configs").path) {
            try FileManager.default.moveItem(
                at: place.appending(path: "Configs/\(name)"), to: place.appending(path: name))
        }
        let text = try String(contentsOf: place.appending(path: "server.conf"), encoding: .utf8)
        try scratch.file("place/server.conf", Data(text.replacing("../data", with: "data").utf8))
        try scratch.file("place/diary.txt", Data("private".utf8))
    }

    private func run(_ arguments: [String]) throws -> Command {
        try Command.run(
            RunningServer.program, arguments, environment: ["CRYPTSFTP_VAULT": vault.path], in: place)
    }

    private func stored(in directory: URL) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: directory.appending(path: "data/alice").path)) ?? []
    }

    @Test func onesOwnIsTakenAndNamed() throws {
        let run = try run(["encrypt", "diary.txt"])
        #expect(run.status == 0 && run.errors.contains(place.appending(path: "server.conf").path), "\(run.errors)")
        #expect(stored(in: place) == ["diary.txt.gpg"])
        // The launcher's own is the expected one.
        try FileManager.default.removeItem(at: place.appending(path: "server.conf"))
        let other = try self.run(["encrypt", "diary.txt"])
        #expect(other.status == 0 && !other.errors.contains("the vault is"), "\(other.errors)")
        #expect(stored(in: vault) == ["diary.txt.gpg"])
    }

    /// What somebody else may have put there is not used, and nothing else in its place.
    @Test(arguments: ["group", "others", "sticky", "file", "link"])
    func whereOthersCanWrite(_ kind: String) throws {
        let file = place.appending(path: "server.conf")
        switch kind {
        case "group": chmod(place.path, 0o775)
        case "others": chmod(place.path, 0o757)
        case "sticky": chmod(place.path, 0o1777)
        case "file": chmod(file.path, 0o666)
        default:
            try FileManager.default.moveItem(at: file, to: scratch.url.appending(path: "elsewhere.conf"))
            chmod(scratch.path("elsewhere.conf"), 0o622)
            try #require(symlink(scratch.path("elsewhere.conf"), file.path) == 0)
        }
        for arguments in [["encrypt", "diary.txt"], ["list"], ["serve"], ["user", "add", "bob"]] {
            let run = try run(arguments)
            #expect(run.status == 11 && run.errors.contains("-c \(file.path)"), "\(arguments): \(run.errors)")
        }
        #expect(stored(in: place).isEmpty && stored(in: vault).isEmpty)
        if kind != "link" { #expect(try run(["encrypt", "diary.txt", "-c", file.path]).status == 0) }
    }

    @Test func ofAnotherUser() throws {
        guard getuid() == 0 else { return }
        for (path, owner) in [(place.path, uid_t(24502)), (place.appending(path: "server.conf").path, 24502)] {
            try #require(chown(path, owner, owner) == 0)
            let run = try run(["encrypt", "diary.txt"])
            #expect(run.status == 11 && run.errors.contains("another user"), "\(run.errors)")
            try #require(chown(path, 0, 0) == 0)
        }
        #expect(try run(["list"]).status == 0)
    }
}
