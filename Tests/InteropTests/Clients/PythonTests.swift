import Foundation
import TestSupport
import Testing

/// The Python libraries, each with a script of its own in `Scripts`.
@Suite(.serialized) struct PythonTests {
    private func work(_ library: String, _ script: String) throws -> (Interop, version: String) {
        let client = try Interop(library)
        let path = Interop.script(script)
        let run = try client.run(
            Checkout.python, [path, client.server.port], adding: ["TEST_PASSPHRASE": RunningServer.passphrase])
        return (client, run.text.trimmingCharacters(in: .newlines))
    }

    @Test func paramiko() throws {
        let (client, version) = try work("paramiko", "paramiko_jobs.py")
        for name in ["put", "appended", "changed", "holed"] { try client.requireStored(name, client.bytes(name)) }
        try client.shown(
            version, "put, get, prefetch, readv, seek", "append, r+, truncate", "stat, utime, chmod, listdir, check")
    }

    @Test func asyncSSH() throws {
        let (client, version) = try work("asyncssh", "asyncssh_jobs.py")
        for name in ["put", "appended", "changed", "sparse", "copied"] {
            try client.requireStored(name, client.bytes(name))
        }
        try client.shown(
            version, "put, get, recursive, sparse", "append, r+, seek, truncate", "copy on the server")
    }
}
