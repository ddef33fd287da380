import Foundation
import SFTP
import TestSupport
import Testing

/// Every limit that server.conf and the protocol have: it holds, and the client is told.
@Suite(.serialized) struct LimitTests {
    private func start(_ limits: String, users: [(name: String, access: String)] = [("alice", "rw")]) throws
        -> RunningServer
    {
        try RunningServer(users, append: "\n[limits]\n\(limits)\n")
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// Runs OpenSSH's client with its messages, until the server ends it.
    ///
    /// - Parameter askPass: the lines of a shell that print the password.
    private func ssh(
        _ server: RunningServer, askPass: String = "echo '\(RunningServer.passphrase)'", tries: Int = 1
    ) throws -> (status: Int32, errors: String) {
        let script = try server.scratch.file("ask", Data("#!/bin/sh\n\(askPass)\n".utf8), mode: 0o755)
        let errors = try server.scratch.file("errors", Data())
        // Its input stays open: the client has something to say still.
        let input = Pipe()
        let options =
            ["-oLogLevel=INFO", "-oNumberOfPasswordPrompts=\(tries)", "-oPubkeyAuthentication=no"]
            + server.sshOptions.filter { !$0.contains("LogLevel") && !$0.contains("PasswordPrompts") }
        let process = try ChildProcess(
            "ssh", options + ["-p", server.port, "-s", "alice@127.0.0.1", "sftp"],
            environment: ["SSH_ASKPASS": script.path, "SSH_ASKPASS_REQUIRE": "force"],
            streams: [.descriptor(input.fileHandleForReading.fileDescriptor), .null, .writing(errors)])
        let status = process.wait(seconds: 60)
        return (status, try String(contentsOf: errors, encoding: .utf8))
    }

    @Test func graceToLogIn() throws {
        let server = try start("login_seconds = 2")
        let silent = try RawConnection(to: server)
        let start = ContinuousClock.now
        let line = text(silent.readToEnd())
        #expect(line.hasPrefix("SSH-2.0-"))
        #expect(ContinuousClock.now - start >= .seconds(2))
        // OpenSSH reads what it is told when it has got a password, which takes too long.
        let told = try ssh(server, askPass: "sleep 4; echo x")
        #expect(told.status == 255)
        #expect(told.errors.contains("nobody has logged in within 2 seconds"), "\(told.errors)")
        try waitUntil("both are gone") { server.sessions.isEmpty }
        #expect(try server.sftp("alice", "ls").status == 0)
    }

    @Test func triesOnOneConnection() throws {
        let server = try start("login_tries = 2")
        // Who sends the next one at once does not wait to be told.
        let count = server.scratch.path("count")
        let askPass = "echo x >>\(count); [ $(wc -l <\(count)) -le 2 ] || sleep 2; echo wrong"
        let run = try ssh(server, askPass: askPass, tries: 5)
        #expect(run.status == 255)
        #expect(run.errors.contains("too many failed tries"), "\(run.errors)")
        try waitUntil("both are logged") { server.log.components(separatedBy: "login failed").count == 3 }
        #expect(try server.sftp("alice", "ls").status == 0)
    }

    /// Who says nothing does not keep others out, and is told at the end why nothing came.
    @Test func connectionsThatHaveNotLoggedIn() throws {
        let server = try start("unauthenticated = 3\nlogin_seconds = 5")
        let held = try (0..<6).map { _ in try RawConnection(to: server) }
        try waitUntil("some of them are served") { server.sessions.count == 3 }
        // Who speaks comes first, and room is made for it.
        #expect(try server.sftp("alice", "ls").status == 0)
        #expect(server.log.contains("connection ended to make room"))
        // In the end each was served, and has been ended for the next, or has waited in vain.
        let told = held.map { text($0.readToEnd()) }
        for line in told {
            #expect(
                line.hasPrefix("SSH-2.0-")
                    || line == "cryptsftp: no more than 3 connections that have not logged in\r\n", "\(line)")
        }
        try waitUntil("all have gone") { server.sessions.isEmpty }
    }

    /// More connections than may wait: the newest are let in.
    @Test func moreConnectionsThanMayWait() throws {
        let server = try start("unauthenticated = 3\nlogin_seconds = 60")
        let held = try (0..<150).map { _ in try RawConnection(to: server) }
        #expect(try server.sftp("alice", "ls").status == 0)
        #expect(server.log.contains("reason=\"3 connections that have not logged in\""))
        #expect(try #require(ProcessTable.descriptors(of: server.process.identifier)) < 200)
        withExtendedLifetime(held) {}
    }

    @Test func sessions() throws {
        let server = try start("sessions = 2")
        let wires = try (0..<2).map { _ in try server.wire("alice") }
        for wire in wires { #expect(try wire.initialize() != nil) }
        let refused = try RawConnection(to: server)
        #expect(text(refused.readToEnd()) == "cryptsftp: no more than 2 sessions\r\n")
        for wire in wires { #expect(try wire.size("/") != nil, "who is in stays in") }
        wires[0].close()
        try waitUntil("there is room again") { server.sessions.count < 2 }
        try waitUntil("somebody else can log in") { try server.sftp("alice", "ls").status == 0 }
    }

    /// Each failure of an address makes its next connection wait longer, and nobody else's; a login by the owner ends
    /// that.
    @Test func delaysThatGrow() throws {
        let server = try start("login_tries = 6")
        func seconds() throws -> Double {
            let start = ContinuousClock.now
            _ = try ssh(server, askPass: "echo wrong")
            return (ContinuousClock.now - start) / .seconds(1)
        }
        let times = try (0..<4).map { _ in try seconds() }
        print("failed logins take \(times.map { Int($0 * 1000) }) ms")
        // 250 ms, then 500, 1000 and 2000, besides what a login takes.
        #expect(times[3] - times[0] > 1)
        #expect(times[3] > times[2] && times[2] > times[0])
        #expect(try server.sftp("alice", "ls").status == 0)
        try waitUntil("the login is known") { server.log.contains("logged in") }
        #expect(try seconds() < times[2])
    }

    @Test func handles() throws {
        let server = try start("")
        let wire = try server.wire("alice")
        _ = try wire.initialize()
        let replies = try wire.ask(all: (0..<300).map { _ in RequestWriter.onPaths(.opendir, "/") })
        var handles: [Handle] = []
        for case .handle(let handle) in replies { handles.append(handle) }
        #expect(handles.count == Limits.handles)
        #expect(replies.last == .status(4, "256 files and directories are open: close some first"))
        #expect(try wire.ask(RequestWriter.onHandle(.close, handles[0])) == .ok)
        // Files have a limit of their own, as each may have a gpg.
        for handle in handles.dropFirst() { #expect(try wire.ask(RequestWriter.onHandle(.close, handle)) == .ok) }
        let files = try wire.ask(all: (0..<70).map { RequestWriter.open("/\($0)", [.write, .create]) })
        #expect(files.filter { if case .handle = $0 { true } else { false } }.count == 64)
        #expect(files.last == .status(4, "64 files are open: close some first"))
        let other = try server.wire("alice")
        _ = try other.initialize()
        #expect(try other.upload("/other", Data("x".utf8)) == .ok)
    }

    @Test func packets() throws {
        let server = try start("")
        let wire = try server.wire("alice")
        _ = try wire.initialize()
        let longest = RequestWriter.request(.realpath) {
            $0.append(string: "/a".utf8)
            $0 += [UInt8](repeating: 0, count: Limits.packetLength - 11)
        }
        #expect(longest.count == 4 + Limits.packetLength)
        guard case .names? = try wire.ask(longest) else {
            Issue.record("the longest packet is refused")
            return
        }
        // The length itself is an end; what was asked before it is still answered.
        let tooLong: [UInt8] = [0, 4, 0, 1]
        try wire.send(RequestWriter.onPaths(.realpath, "/b") + tooLong)
        #expect(try wire.reply() != nil)
        #expect(try wire.reply() == nil)
        try waitUntil("the reason is logged") { server.log.contains("over the limit of 262144") }
    }

    @Test func paths() throws {
        let server = try start("")
        let wire = try server.wire("alice")
        _ = try wire.initialize()
        let deepest = String(repeating: "/x", count: 2048)
        #expect(try wire.ask(RequestWriter.onPaths(.stat, deepest))?.code == 2)
        #expect(
            try wire.ask(RequestWriter.onPaths(.stat, deepest + "/"))
                == .status(4, "the path is longer than 4096 bytes"))
        #expect(try wire.ask(RequestWriter.onPaths(.stat, "/" + String(repeating: "n", count: 255)))?.code == 2)
        #expect(
            try wire.ask(RequestWriter.onPaths(.stat, "/" + String(repeating: "n", count: 256)))
                == .status(4, "the name is longer than 255 bytes"))
        // As long as it goes, and a file there: fifteen long names and some short ones.
        var directory = ""
        for length in Array(repeating: 250, count: 15) + Array(repeating: 1, count: 150) {
            directory += "/" + String(repeating: "d", count: length)
            guard directory.utf8.count + 2 <= Limits.pathLength else { break }
            try #require(
                try wire.ask(RequestWriter.onPath(.mkdir, directory, .init())) == .ok, "\(directory.utf8.count)")
        }
        #expect(try wire.upload(directory + "/f", Data("deep".utf8)) == .ok)
        #expect(try wire.download(directory + "/f") == Data("deep".utf8))
    }

    @Test func clientsThatTakeNothing() throws {
        let server = try start("stalled_seconds = 2")
        let wire = try server.wire("alice")
        _ = try wire.initialize()
        #expect(try wire.upload("/file", Data.random(8 << 20, seed: 1)) == .ok)
        let handle = try #require(try wire.open("/file", .read))
        // OpenSSH's window is 2 MiB, and the pipe to this test is not read.
        let reads = (0..<64).map { RequestWriter.read(handle, at: UInt64($0 * 131_072), 131_072) }
        try wire.send(Array(reads.joined()))
        try waitUntil("it has been ended") { server.log.contains("the client takes nothing") }
        try waitUntil("the session has gone") { server.sessions.isEmpty }
        // Slow is not the same: a client that takes a little now and then stays.
        let slow = try server.wire("alice")
        _ = try slow.initialize()
        let again = try #require(try slow.open("/file", .read))
        try slow.send(Array((0..<48).map { RequestWriter.read(again, at: UInt64($0 * 131_072), 131_072) }.joined()))
        for number in 0..<48 {
            if number % 4 == 0 { usleep(400_000) }
            guard case .data? = try slow.reply() else {
                Issue.record("a slow client was ended after \(number) replies")
                return
            }
        }
    }

    /// What it is told does not get through to OpenSSH while a channel is open: the log has the reason.
    @Test func clientsThatAskNothing() throws {
        let server = try start("idle_seconds = 2")
        _ = try ssh(server)
        try waitUntil("the reason is logged") { server.log.contains("idle for 2 seconds") }
        let busy = try server.wire("alice")
        _ = try busy.initialize()
        for _ in 0..<8 {
            usleep(500_000)
            #expect(try busy.size("/") != nil)
        }
    }
}
