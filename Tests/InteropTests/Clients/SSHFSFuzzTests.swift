import Foundation
import TestSupport
import Testing

/// Random operations in a mount, compared with a model; `Scripts/mount_fuzz.py` tells how.
@Suite(.serialized, .enabled(if: Mount.obstacle == nil, "nothing can be mounted here: \(Mount.obstacle ?? "")"))
struct SSHFSFuzzTests {
    private static let operations = 12_000

    /// With the kernel's cache, and without: then every read goes to the server.
    @Test(arguments: [[], ["direct_io", "dir_cache=no"]])
    func randomOperations(options: [String]) throws {
        let client = try Interop("sshfs")
        let seed =
            ProcessInfo.processInfo.environment["CRYPTSFTP_SEED"].flatMap { UInt32($0) }
            ?? UInt32.random(in: 1 ... .max)
        print("CRYPTSFTP_SEED=\(seed) for \(options)")
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
        try client.shown(
            client.version("sshfs", ["--version"], name: "SSHFS"), "24,000 random operations on open files")
    }
}
