import Foundation
import SFTP
import TestSupport
import Testing

/// A write-only account with a visitor's password: upload works, only ciphertext comes back, the owner reads the
/// file.
@Suite(.serialized) struct WriteOnlyClientTests {
    private static let visitor = "a visitor's password"
    private static let contents = Data.random(1_000_003, seed: 5)

    private func station(_ client: String) throws -> Interop {
        let client = try Interop(client, users: [("drop", "wo")])
        try client.server.scratch.file("up", Self.contents)
        return client
    }

    /// Throws unless `down` is the stored file, and its owner reads what was sent.
    private func requireKept(_ client: Interop, _ name: String = "form", down: String = "down") throws {
        let visit = try client.server.visit()
        let stored = try Data(contentsOf: client.server.data.appending(path: "\(visit)/\(name).gpg"))
        try client.requireLocal(down, stored)
        try client.require(!stored.contains(Self.contents.prefix(64)), "plaintext is stored")
        try client.requireStored("\(visit.dropFirst(5))/\(name)", Self.contents, user: "drop")
        try client.passed(client.server.sftp("drop", "get \"\(visit.dropFirst(5))/\(name)\" owners"))
        try client.requireLocal("owners", Self.contents)
    }

    @Test func sftp() throws {
        let client = try station("OpenSSH sftp")
        try client.passed(client.server.sftp("drop", "put -p up form\nget form.gpg down", password: Self.visitor))
        try requireKept(client)
        try client.shown(client.version("ssh", ["-V"]), "write-only account")
    }

    @Test func scp() throws {
        let client = try station("OpenSSH scp")
        let server = client.server
        for arguments in [["-p", "up", "remote:form"], ["remote:form.gpg", "down"]] {
            try client.passed(server.scp("drop", arguments, password: Self.visitor))
        }
        try requireKept(client)
        try client.shown(client.version("ssh", ["-V"]), "write-only account")
    }

    @Test func psftp() throws {
        let client = try station("PuTTY psftp")
        try client.psftp("drop", password: Self.visitor, "put up form\nget form.gpg down")
        try requireKept(client)
        try client.shown(client.version("psftp", ["-V"]), "write-only account")
    }

    @Test func lftp() throws {
        let client = try station("lftp")
        try client.lftp("drop", password: Self.visitor, "put up -o form\nget form.gpg -o down")
        try requireKept(client)
        try client.shown(client.version("lftp", ["--version"]), "write-only account")
    }

    @Test func curl() throws {
        let client = try station("curl")
        try client.curl("drop", password: Self.visitor, ["-T", "up", "/form"])
        try client.curl("drop", password: Self.visitor, ["-o", "down", "/form.gpg"])
        try requireKept(client)
        try client.shown(client.version("curl", ["--version"]), "write-only account")
    }

    @Test func rclone() throws {
        let client = try station("rclone")
        try FileManager.default.createDirectory(at: client.url("tree"), withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: client.url("up"), to: client.url("tree/form"))
        try client.rclone("drop", password: Self.visitor, ["copy", "tree", ":sftp:"])
        try client.rclone("drop", password: Self.visitor, ["copyto", ":sftp:form.gpg", "down"])
        try requireKept(client)
        try client.shown(client.version("rclone", ["version"]), "write-only account")
    }

    @Test func paramiko() throws {
        let client = try station("paramiko")
        let script = """
            import os, sys, paramiko
            transport = paramiko.Transport(("127.0.0.1", int(sys.argv[1])))
            transport.connect(username="drop", password=sys.argv[2])
            sftp = paramiko.SFTPClient.from_transport(transport)
            sftp.put("up", "form")
            sftp.get("form.gpg", "down")
            transport.close()
            print(paramiko.__version__)
            """
        let run = try client.run(Checkout.python, ["-c", script, client.server.port, Self.visitor])
        try requireKept(client)
        try client.shown(run.text.trimmingCharacters(in: .newlines), "write-only account")
    }

    /// `.filepart`, then REMOVE of the target, RENAME and SETSTAT: all on what this session has made.
    @Test func winSCP() throws {
        let client = try station("WinSCP, packet by packet")
        let wire = try client.server.wire("drop", password: Self.visitor)
        _ = try wire.initialize()
        try WinSCPUpload(client, wire).send(Self.contents, as: "/form")
        let stored = try Data(contentsOf: client.server.data.appending(path: "\(client.server.visit())/form.gpg"))
        let handle = try #require(try wire.open("/form.gpg", .read))
        let read = try wire.ask(RequestWriter.read(handle, at: 0, 1000))
        try client.require(read == .data(Array(stored.prefix(1000))), "what is read back: \(read as Any)")
        try stored.write(to: client.url("down"))
        try requireKept(client)
        try client.shown("–", "write-only account")
    }

    /// A visitor's partial cannot be continued; the next upload of that name takes its place.
    @Test func anUploadThatWasCutOffIsReplaced() throws {
        let client = try station("OpenSSH sftp")
        let wire = try client.server.wire("drop", password: Self.visitor)
        _ = try wire.initialize()
        let handle = try #require(try wire.open("/form", [.write, .create, .truncate]))
        let replies = try wire.ask(all: CutOff.writes(handle, Self.contents.prefix(500_000), from: 0))
        try client.require(replies.allSatisfy { $0 == .ok }, "writes: \(replies)")
        wire.close()
        try waitUntil("the session has ended") { client.server.sessions.isEmpty }
        try client.passed(client.server.sftp("drop", "put up form\nget form.gpg down", password: Self.visitor))
        try requireKept(client)
    }
}
