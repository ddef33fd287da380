import Foundation
import TestSupport
import Testing

/// Random operations in a mount, compared with a model; `Scripts/mount_fuzz.py` tells how.
@Suite(.serialized, .enabled(if: Mount.obstacle == nil, "nothing can be mounted here: \(Mount.obstacle ?? "")"))
struct SSHFSFuzzTests {
    private static let operations = Effort.count(1_500, full: 12_000)

    /// Without the kernel's cache every read goes to the server; a full run has the other way too.
    @Test(arguments: [["direct_io", "dir_cache=no"]] + (Effort.isFull ? [[]] : []))
    func randomOperations(options: [String]) throws {
        let client = try Interop("sshfs")
        let seed = SeededNumbers(for: "random operations in a mount \(options)").seed
        let script = Interop.script("mount_fuzz.py")
        var mount = try Mount(client, options: options)
        try client.run(
            Checkout.python,
            [script, mount.directory.path, client.server.scratch.path("model"), "\(seed)", "\(Self.operations)"],
            seconds: 280)
        mount.unmount()
        // What the kernel has not cached, and what is stored.
        mount = try Mount(client)
        try client.requireSame("model", "mount")
        for name in try FileManager.default.contentsOfDirectory(atPath: client.url("model").path).prefix(3) {
            try client.requireStored(name, client.bytes("model/\(name)"))
        }
        let job = "24,000 random operations on open files"
        guard Effort.isFull else { return try client.leavesToFullRuns(job) }
        try client.shown(client.version("sshfs", ["--version"], name: "SSHFS"), job)
    }
}
