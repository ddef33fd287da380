import Foundation
import TestSupport
import Testing

/// What the pages name exists.
@Suite struct PageTests {
    private static let directory = Checkout.top.appending(path: "Sources/cryptsftp/Documentation.docc")

    private static func pages() throws -> [(name: String, text: String)] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { $0.hasSuffix(".md") }.sorted()
            .map { ($0, try String(contentsOf: directory.appending(path: $0), encoding: .utf8)) }
    }

    /// Words in backticks that look like a type's name are types or targets of this project.
    @Test func namedTypesExist() throws {
        let declared = try SourceTree.shared.get().files.reduce(into: Set<String>()) {
            $0.formUnion(SourceTree.declared(in: $1.text))
            $0.formUnion($1.path.split(separator: "/").dropFirst().prefix(1).map(String.init))
        }
        for (page, text) in try Self.pages() {
            for match in text.matches(of: /`+([A-Z][a-z0-9]+(?:[A-Z][A-Za-z0-9]*)+)(?:\.[a-z]\w*(?:\([\w:]*\))?)?`+/) {
                let name = String(match.output.1)
                let isDeclared = declared.contains(name)
                #expect(isDeclared, "\(page) names \(name), which is no type")
            }
        }
    }

    @Test func linkedPagesExist() throws {
        let pages = try Self.pages()
        let names = Set(pages.map { String($0.name.dropLast(3)) })
        for (page, text) in pages {
            for match in text.matches(of: /<doc:([A-Za-z]+)>/) {
                #expect(names.contains(String(match.output.1)), "\(page) links to \(match.output.1), which is no page")
            }
        }
        let readme = try String(contentsOf: Checkout.top.appending(path: "README.md"), encoding: .utf8)
        for match in readme.matches(of: /\]\(([A-Za-z][A-Za-z0-9.\/]*)\)/) {
            let file = Checkout.top.appending(path: String(match.output.1))
            #expect(FileManager.default.fileExists(atPath: file.path), "README.md links to \(match.output.1)")
        }
    }

    /// The table of directories in the page on architecture has each directory of Sources, and no other.
    @Test func theTableOfDirectoriesIsComplete() throws {
        let page = try String(contentsOf: Self.directory.appending(path: "Architecture.md"), encoding: .utf8)
        let listed = Set(page.matches(of: /(?m)^\| `([A-Za-z\/]+)` \|/).map { String($0.output.1) })
        let there = try Set(
            SourceTree.shared.get().files.filter { $0.path.hasPrefix("Sources/") }.map {
                String($0.directory.dropFirst("Sources/".count))
            })
        #expect(listed.subtracting(there).isEmpty, "only in the table")
        #expect(there.subtracting(listed).isEmpty, "missing from the table")
    }
}
