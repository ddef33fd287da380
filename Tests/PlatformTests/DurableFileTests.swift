import Foundation
import Platform
import TestSupport
import Testing

/// Files that are replaced as a whole; `FaultTests` has the disks that fail.
@Suite struct DurableFileTests {
    private let scratch: Scratch
    private var file: URL { scratch.url.appending(path: "file") }

    init() throws { scratch = try Scratch() }

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: scratch.url.path).sorted() }
    }

    private func mode() throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
    }

    @Test func aNewFileIsForThisUserAlone() throws {
        try DurableFile.replace(file, with: Data("new".utf8))
        #expect(try Data(contentsOf: file) == Data("new".utf8))
        #expect(try mode() == 0o600)
        #expect(try names == ["file"])
    }

    /// Who has the old file open keeps it: it is not written into.
    @Test func aFileIsReplacedAsAWhole() throws {
        try Data("the old contents".utf8).write(to: file)
        let open = try FileHandle(forReadingFrom: file)
        try DurableFile.replace(file, with: Data("new".utf8))
        #expect(try open.readToEnd() == Data("the old contents".utf8))
        #expect(try Data(contentsOf: file) == Data("new".utf8))
        try DurableFile.replace(file, with: Data())
        #expect(try Data(contentsOf: file).isEmpty)
    }

    @Test(arguments: [0o600, 0o640, 0o666]) func theModeIsKept(_ permissions: Int) throws {
        try Data("old".utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: file.path)
        try DurableFile.replace(file, with: Data("new".utf8))
        #expect(try mode() == permissions)
    }

    @Test func whatAnInterruptedOneHasLeftIsNoObstacleAndIsSwept() throws {
        try Data("left".utf8).write(to: scratch.url.appending(path: ".file.new"))
        try DurableFile.replace(file, with: Data("new".utf8))
        #expect(try names == ["file"])
        for name in [".file.new", ".other.new", "not.new", ".file"] {
            try Data().write(to: scratch.url.appending(path: name))
        }
        DurableFile.sweep(scratch.url)
        #expect(try names == [".file", "file", "not.new"])
    }

    @Test func errorsAreThrownAndLeaveNothing() throws {
        try FileManager.default.createDirectory(
            at: file.appending(path: "inside"), withIntermediateDirectories: true)
        #expect(throws: SystemError(EISDIR)) { try DurableFile.replace(file, with: Data("new".utf8)) }
        #expect(try names == ["file"])
        #expect(throws: SystemError(ENOENT)) {
            try DurableFile.replace(scratch.url.appending(path: "nowhere/file"), with: Data("new".utf8))
        }
    }

    @Test func whatIsThereIsNotReplacedByANewFile() throws {
        let contents = Data("new".utf8)
        try contents.withUnsafeBytes { try DurableFile.create(file, with: $0) }
        #expect(try Data(contentsOf: file) == contents)
        #expect(try mode() == 0o600)
        #expect(throws: SystemError(EEXIST)) {
            try Data("other".utf8).withUnsafeBytes { try DurableFile.create(file, with: $0) }
        }
        #expect(try Data(contentsOf: file) == contents)
        #expect(try names == ["file"])
    }
}
