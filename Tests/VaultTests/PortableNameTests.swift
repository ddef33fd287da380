import Foundation
import SFTP
import TestSupport
import Testing

/// Names that suit FAT and exFAT on a file system that holds every name, and directories that were copied together.
@Suite struct PortableNameTests {
    private let fixture: HomeFixture

    init() throws { fixture = try HomeFixture() }

    private func names(_ exchange: Exchange) throws -> [String] {
        guard case .handle(let handle)? = try exchange.ask(RequestWriter.onPaths(.opendir, "/")) else { return [] }
        var names: [String] = []
        while case .names(let entries)? = try exchange.ask(RequestWriter.onHandle(.readdir, handle)) {
            names += entries.map { String(decoding: $0.name, as: UTF8.self) }
        }
        return names.filter { $0 != "." && $0 != ".." }.sorted()
    }

    private func stored(_ name: String) -> URL { URL(filePath: fixture.scratch.path("home/\(name)")) }

    @Test func namesThatDifferInCaseAreStoredApart() throws {
        let exchange = try fixture.connect(portableNames: true)
        for name in ["README", "readme", "ReadMe", "a:b"] { try exchange.put("/\(name)", Array(name.utf8)) }
        #expect(fixture.stored.count == 4)
        #expect(Set(fixture.stored.map { $0.lowercased() }).count == 4, "\(fixture.stored)")
        #expect(fixture.stored.contains("README.gpg") && fixture.stored.contains("a%3Ab.gpg"))
        for name in ["README", "readme", "ReadMe", "a:b"] { #expect(try exchange.read("/\(name)") == Array(name.utf8)) }
        // Without the setting, files are found as before, and new names are stored as they are.
        let plain = try fixture.connect()
        #expect(try names(plain) == ["README", "ReadMe", "a:b", "readme"])
        try plain.put("/a:b", Array("newer".utf8))
        try plain.put("/c:d", Array("c".utf8))
        #expect(fixture.stored.contains("a%3Ab.gpg") && fixture.stored.contains("c:d.gpg"))
        #expect(fixture.stored.count == 5)
        // With the setting again, both forms are found.
        let again = try fixture.connect(portableNames: true)
        #expect(try again.read("/c:d") == Array("c".utf8))
        #expect(try again.read("/a:b") == Array("newer".utf8))
    }

    @Test func twoFormsOfOneNameAreOneFile() throws {
        let exchange = try fixture.connect()
        try exchange.put("/a:b", Array("plain".utf8))
        try FileManager.default.copyItem(at: stored("a:b.gpg"), to: stored("copy"))
        try exchange.put("/a:b", Array("another".utf8))
        try FileManager.default.moveItem(at: stored("copy"), to: stored("a%3Ab.gpg"))
        #expect(try names(exchange) == ["a:b"])
        #expect(try exchange.read("/a:b") == Array("another".utf8))
        #expect(try exchange.ask(RequestWriter.onPaths(.remove, "/a:b")) == .ok)
        // The other form is found now.
        #expect(try exchange.read("/a:b") == Array("plain".utf8))
    }

    /// A stored file that was renamed by hand is listed, and can be opened under the listed name.
    @Test(arguments: ["a%62c", "%2E", "50%61", "100%25", "%41%42", "%", "a%3ab", "%c3%a9", "%C3%A9", "x%20", "%2E%2E"])
    func whatIsThereIsFound(name: String) throws {
        let exchange = try fixture.connect()
        try exchange.put("/x", Array(name.utf8))
        try FileManager.default.moveItem(at: stored("x.gpg"), to: stored("\(name).gpg"))
        let listed = try names(exchange)
        #expect(listed.count == 1)
        #expect(try exchange.read("/\(listed.first ?? "")") == Array(name.utf8))
        #expect(try exchange.ask(RequestWriter.onPaths(.remove, "/\(listed.first ?? "")")) == .ok)
        #expect(fixture.stored.isEmpty)
    }

    @Test(arguments: [".CRYPTSFTP-DRAFTS", ".Cryptsftp-drafts", ".cryptsftp-drafts"])
    func theDraftsDirectoryHasNoOtherCase(name: String) throws {
        let exchange = try fixture.connect(portableNames: true)
        #expect(try exchange.ask(RequestWriter.onPath(.mkdir, "/\(name)", FileAttributes()))?.code == 3)
    }
}
