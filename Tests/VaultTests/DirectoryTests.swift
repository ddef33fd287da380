import Foundation
import SFTP
import TestSupport
import Testing
import Vault

/// System calls relative to a directory, which stay below it.
@Suite struct DirectoryTests {
    private let scratch: Scratch
    private let directory: Directory

    init() throws {
        scratch = try Scratch()
        for name in ["home/a/b", "outside"] {
            try FileManager.default.createDirectory(
                at: scratch.url.appending(path: name), withIntermediateDirectories: true)
        }
        directory = try Directory(path: scratch.path("home"))
    }

    @Test func goesDown() throws {
        _ = try directory.directory(VirtualPath(parsing: "/a/b".utf8))
        #expect(throws: FileSystemError.noSuchFile("no such file or directory")) {
            try directory.directory(VirtualPath(parsing: "/a/c".utf8))
        }
    }

    @Test func followsNoLink() throws {
        let link = scratch.url.appending(path: "home/link").path
        for target in [scratch.path("outside"), "../outside", "a"] {
            try? FileManager.default.removeItem(atPath: link)
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
            #expect(throws: FileSystemError.self) { try directory.directory(VirtualPath(parsing: "/link".utf8)) }
            #expect(throws: FileSystemError.self) { try directory.directory(VirtualPath(parsing: "/link/b".utf8)) }
        }
    }

    @Test func sweepsDraftsThatNobodyHolds() throws {
        let drafts = scratch.url.appending(path: "home/.cryptsftp-drafts")
        try FileManager.default.createDirectory(at: drafts, withIntermediateDirectories: true)
        try Data("left".utf8).write(to: drafts.appending(path: "left"))
        try Data("held".utf8).write(to: drafts.appending(path: "held"))
        let held = try FileHandle(forUpdating: drafts.appending(path: "held"))
        #expect(flock(held.fileDescriptor, LOCK_EX) == 0)
        DraftFile.sweep(directory)
        #expect(try FileManager.default.contentsOfDirectory(atPath: drafts.path) == ["held"])
        try held.close()
        DraftFile.sweep(directory)
        #expect(try FileManager.default.contentsOfDirectory(atPath: drafts.path).isEmpty)
    }

    @Test(
        arguments: [
            (ENOENT, 2), (ENOTDIR, 2), (ELOOP, 2), (EACCES, 3), (EPERM, 3), (EROFS, 3), (EEXIST, 4), (ENOTEMPTY, 4),
            (ENOSPC, 4), (EIO, 4),
        ] as [(Int32, UInt32)])
    func errorNumbersBecomeStatusCodes(_ number: Int32, _ code: UInt32) {
        #expect(FileSystemError(errno: number).code == code)
        #expect(!FileSystemError(errno: number).message.isEmpty)
    }
}
