import Foundation
import GnuPG
import OpenPGP
import Platform
import Secrets
import TestSupport
import Testing

/// A disk that fails while something is written that must not be lost.
@Suite(.serialized, .enabled(if: FaultyDisk.obstacle == nil, "no faulty disk here: \(FaultyDisk.obstacle ?? "")"))
struct DurableWriteTests {
    private let disk: FaultyDisk

    init() throws { disk = try FaultyDisk() }

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: disk.backing.path).sorted() }
    }

    @Test func aFailedReplaceThrowsAndLeavesTheOldFile() throws {
        let file = disk.mount.appending(path: "file")
        try DurableFile.replace(file, with: Data("old".utf8))
        for (fault, number) in [("fsync EIO", EIO), ("write ENOSPC", ENOSPC), ("rename EIO", EIO)] {
            try disk.fail(fault)
            #expect(throws: SystemError(number), "\(fault)") {
                try DurableFile.replace(file, with: Data("new".utf8))
            }
            try disk.fail()
            #expect(try Data(contentsOf: file) == Data("old".utf8), "\(fault)")
            #expect(try names == ["file"], "\(fault)")
        }
    }

    /// The last step: the new file has the name, but the directory may not be on the disk.
    @Test func aFailedSyncOfTheDirectoryThrows() throws {
        let file = disk.mount.appending(path: "file")
        try disk.fail("fsyncdir EIO")
        #expect(throws: SystemError(EIO)) { try DurableFile.replace(file, with: Data("new".utf8)) }
        #expect(throws: SystemError(EIO)) { try DurableFile.synchronize(directory: disk.mount) }
        try disk.fail()
        #expect(try Data(contentsOf: file) == Data("new".utf8))
    }

    /// A user's only key is on the disk when it is said to be, or it is not there at all.
    @Test func aKeyThatIsNotOnTheDiskIsNotKept() throws {
        let passphrase = try #require(Array("a passphrase".utf8).withUnsafeBytes { SecretBytes(copying: $0) })
        let key = try NewKey(userID: "bob", passphrase: passphrase)
        let directory = disk.mount.appending(path: "bob")
        for fault in ["fsync EIO", "write ENOSPC", "mkdir EROFS", "rename EIO", "fsyncdir EIO"] {
            try disk.fail(fault)
            #expect(throws: OpenPGPError.self, "\(fault)") { try key.keep(in: directory, with: [:]) }
            try disk.fail()
            #expect(try !names.contains("bob"), "\(fault)")
        }
        try key.keep(in: directory, with: [:])
        #expect(try names == ["bob"])
        #expect(try KeyDirectory.identity(of: key.fingerprint, in: directory).fingerprint == key.fingerprint)
        _ = try SessionHome(keysIn: directory, fingerprint: key.fingerprint, passphrase: passphrase)
    }

    @Test func userAddDoesNotReportAKeyThatIsNotOnTheDisk() throws {
        let configuration = disk.mount.appending(path: "Configs/server.conf").path
        func add(_ name: String) throws -> Command {
            try Command.run(
                RunningServer.program, ["user", "add", name, "-c", configuration, "--passphrase-file", "-"],
                input: Data("\(RunningServer.passphrase)\n".utf8))
        }
        try #require(try add("alice").status == 0)
        try disk.fail("fsync EIO")
        #expect(try add("bob").status != 0)
        try disk.fail()
        let keys = disk.backing.appending(path: "Configs/keys").path
        #expect(try FileManager.default.contentsOfDirectory(atPath: keys) == ["alice"])
        #expect(try add("bob").status == 0)
    }
}
