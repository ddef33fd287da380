import Foundation
import Platform
import TestSupport
import Testing

struct RegularFileTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func number(_ path: String, _ links: RegularFile.Links = .refused) -> Int32? {
        do throws(RegularFile.Failure) {
            _ = try RegularFile.read(path, links: links)
            return nil
        } catch {
            #expect(!error.description.isEmpty)
            return error.number
        }
    }

    @Test func wholeFiles() throws {
        for count in [0, 1, 4096, RegularFile.longest] {
            let contents = Data.random(count)
            let file = try scratch.file("f", contents)
            #expect(try Data(RegularFile.read(file.path)) == contents)
        }
        // It says that it has no bytes.
        #expect(try String(decoding: RegularFile.read("/proc/self/status"), as: UTF8.self).contains("VmRSS"))
    }

    @Test func longFiles() throws {
        let file = try scratch.file("f", Data(count: RegularFile.longest + 1))
        #expect(number(file.path) == EFBIG)
        try #require(truncate(file.path, 1 << 40) == 0)
        #expect(number(file.path) == EFBIG)
        #expect(throws: RegularFile.Failure.self) { try RegularFile.read("/proc/self/status", limit: 100) }
        let small = try scratch.file("s", Data(count: 101))
        #expect(throws: RegularFile.Failure.self) { try RegularFile.read(small.path, limit: 100) }
    }

    @Test func whatIsNoFile() throws {
        let pipe = scratch.path("pipe")
        try #require(mkfifo(pipe, 0o600) == 0)
        for path in [pipe, "/dev/zero", "/dev/tty", scratch.url.path] { #expect(number(path) != nil, "\(path)") }
        #expect(number(scratch.path("missing")) == ENOENT)
    }

    /// What a person names may be a pipe, such as the shell's for `<(…)`.
    @Test func namedFiles() throws {
        let pipe = scratch.path("pipe")
        try #require(mkfifo(pipe, 0o600) == 0)
        let contents = Data.random(200_000)
        let source = try scratch.file("source", contents)
        let writer = try ChildProcess("sh", ["-c", "cat '\(source.path)' > '\(pipe)'"])
        #expect(try Data(RegularFile.readNamed(pipe)) == contents)
        #expect(writer.wait(seconds: 30) == 0)
        #expect(throws: RegularFile.Failure.self) { try RegularFile.readNamed("/dev/zero") }
        #expect(throws: RegularFile.Failure.self) { try RegularFile.readNamed(scratch.path("missing")) }
    }

    @Test func links() throws {
        let (file, link, bad) = try (scratch.file("f", Data("x".utf8)), scratch.path("link"), scratch.path("bad"))
        try #require(symlink(file.path, link) == 0 && symlink("/dev/zero", bad) == 0)
        #expect(number(link) == ELOOP)
        #expect(try RegularFile.read(link, links: .followed) == Array("x".utf8))
        #expect(number(bad, .followed) != nil)
    }
}
