import Testing

/// Files and directories are found by the names of the types in them.
@Suite struct SourceTreeTests {
    private let tree: SourceTree

    init() throws { tree = try SourceTree.shared.get() }

    @Test func noDirectoryHasMoreThanFifteenFiles() {
        for (directory, files) in Dictionary(grouping: tree.files, by: \.directory) {
            #expect(files.count <= 15, "\(directory) has \(files.count) Swift files")
        }
    }

    @Test func noFileHasMoreThanFiveHundredLines() {
        for file in tree.files {
            let count = file.text.split(separator: "\n", omittingEmptySubsequences: false).count
            #expect(count <= 501, "\(file) has \(count) lines")
        }
    }

    /// A file `Name.swift` declares `Name`; a file `Name+What.swift` extends it.
    @Test func filesAreNamedAfterTheirTypes() {
        for file in tree.files where file.stem != "main" {
            let isDeclared = SourceTree.declared(in: file.text).contains(file.stem)
            #expect(isDeclared, "\(file) declares no \(file.stem)")
        }
    }
}
