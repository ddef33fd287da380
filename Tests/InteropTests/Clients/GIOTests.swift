import Foundation
import TestSupport
import Testing

/// GNOME's gvfs, by its command `gio`, in a D-Bus session of its own.
@Suite(.serialized) struct GIOTests {
    private let client: Interop
    private var server: RunningServer { client.server }

    init() throws { client = try Interop("gio with gvfs") }

    @Test func copiesMovesAndAppends() throws {
        let contents = Data.random(3_000_003)
        try server.scratch.file("up", contents)
        try server.scratch.file("other", Data("shorter".utf8))
        let run = try client.gio(
            """
            gio copy up "$root/one"
            gio copy "$root/one" down
            gio mkdir "$root/directory"
            gio move "$root/one" "$root/directory/two"
            gio copy other "$root/replaced"
            gio copy up "$root/replaced"
            gio copy other "$root/replaced"
            printf tail | gio save --append "$root/replaced"
            printf saved | gio save "$root/saved"
            printf again | gio save "$root/saved"
            gio cat "$root/replaced"
            gio list -l "$root/directory"
            gio info "$root/directory/two"
            gio remove "$root/saved"
            """)
        try client.requireLocal("down", contents)
        try client.requireStored("directory/two", contents)
        try client.requireStored("replaced", Data("shortertail".utf8))
        try client.require(run.text.contains("shortertail") && run.text.contains("3000003"), run.text)
        try client.require(!FileManager.default.fileExists(atPath: server.data.path + "/alice/saved.gpg"), "remove")
        try client.shown(
            client.version("gio", ["--version"]), "copy, move, save, save --append, cat, list, mkdir, remove")
    }
}

extension Interop {
    /// Runs a script that finds the server's root mounted as `$root`.
    func gio(_ script: String) throws -> Command {
        // gvfs calls "ssh" with no way to give options: this one stands before it.
        let directory = url("home/bin")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let real = try run("sh", ["-c", "command -v ssh"]).text.trimmingCharacters(in: .newlines)
        let options = server.sshOptions.filter { !$0.contains("BatchMode") }.joined(separator: " ")
        try server.scratch.file(
            "home/bin/ssh", Data("#!/bin/sh\nexec \(real) \(options) \"$@\"\n".utf8), mode: 0o755)
        let start = """
            set -eux
            root=sftp://alice@127.0.0.1:\(server.port)
            printf '%s\\n' "$TEST_PASSPHRASE" | gio mount "$root/" >asked
            trap 'gio mount -u "$root/"' EXIT

            """
        try server.scratch.file("script", Data((start + script + "\n").utf8))
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return try run(
            "dbus-run-session", ["--", "sh", "script"],
            adding: ["PATH": "\(directory.path):\(path)", "TEST_PASSPHRASE": RunningServer.passphrase])
    }
}
