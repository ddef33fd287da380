import Foundation
import TestSupport
import Testing

/// Other users of this machine, who share its loopback addresses.
@Suite(.serialized) struct NeighbourTests {
    /// Connections that send a text and nothing more, of a process of its own.
    private func hold(
        _ count: Int, _ text: String, by user: OtherUser?, _ server: RunningServer
    ) throws -> ChildProcess {
        let script = try String(contentsOfFile: Checkout.path("Tests/HostileTests/Scripts/silent.py"), encoding: .utf8)
        let arguments = ["-c", script, server.port, "\(count)", text]
        let output = try server.scratch.file("silent-\(UUID().uuidString)", Data())
        let streams: [ChildProcess.Stream] = [.null, .writing(output), .null]
        let process =
            try user.map { try ChildProcess("setpriv", $0.arguments("python3", arguments), streams: streams) }
            ?? ChildProcess("python3", arguments, streams: streams)
        try waitUntil("they are connected") { try String(contentsOf: output, encoding: .utf8).contains("ready") }
        return process
    }

    /// What a silent client has sent.
    static let words = ["", "SSH-2.0-slow\\r\\n\\0\\0"] + (Effort.isFull ? ["SSH-2.0-silent\\r\\n"] : [])

    @Test(arguments: words) func aLoginBesideFortySilentConnectionsOfTheSameUser(text: String) throws {
        try expectLogin(beside: text, by: nil)
    }

    @Test(.enabled(if: OtherUser.obstacle == nil, "\(OtherUser.obstacle ?? "")"), arguments: words)
    func aLoginBesideFortySilentConnectionsOfAnotherUser(text: String) throws {
        try expectLogin(beside: text, by: .eve)
    }

    private func expectLogin(beside text: String, by user: OtherUser?) throws {
        let server = try RunningServer([("alice", "rw")])
        let silent = try hold(40, text, by: user, server)
        for number in 0..<2 {
            let start = ContinuousClock.now
            let run = try server.sftp("alice", "ls")
            let time = ContinuousClock.now - start
            #expect(run.status == 0, "\(number): \(run.errors)")
            #expect(time < .seconds(5), "\(number): \(time)")
        }
        #expect(silent.isRunning)
    }

    /// Many connections of one client at once: they wait their turn, and all are served.
    @Test func aBurstIsServed() throws {
        let server = try RunningServer([("drop", "wo")])
        let count = Effort.count(30, full: 64)
        // Each is a process of its own, which connects at once.
        let wires = try (0..<count).map { _ in try server.wire("drop") }
        for wire in wires { #expect(try wire.initialize() != nil) }
        #expect(server.sessions.count == count, "all at the same time")
        #expect(!server.log.contains("connection ended to make room") && !server.log.contains("refused"))
    }

    /// A write-only account takes any password: it must not take the owner's place.
    @Test func theLastPlacesAreForOwners() throws {
        let server = try RunningServer([("alice", "rw"), ("drop", "wo")], append: "\n[limits]\nsessions = 4\n")
        let wires = try (0..<4).map { _ in try server.wire("drop", password: "any") }
        for wire in wires { #expect(try wire.initialize() != nil) }
        let other = try server.wire("drop", password: "any")
        #expect((try? other.initialize()) ?? nil == nil)
        try waitUntil("the reason is logged") { server.log.contains("the last places are for owners") }
        #expect(try server.sftp("alice", "ls").status == 0)
        for wire in wires { #expect(try wire.size("/") != nil, "who is in stays in") }
    }

    @Test(.enabled(if: OtherUser.obstacle == nil, "\(OtherUser.obstacle ?? "")"))
    func penaltiesAreForAUserAndNotForAnAddress() throws {
        let server = try RunningServer([("alice", "rw")])
        for number in 1...3 {
            // OpenSSH's client runs for users who exist, and for no others.
            let address = ["--interface", "127.0.\(number).\(number)", "sftp://127.0.0.1:\(server.port)/"]
            let run = try OtherUser.eve.run("curl", ["-sk", "--user", "alice:wrong"] + address)
            #expect(run.status == 67, "login denied")
        }
        try waitUntil("the failures are logged") { server.log.components(separatedBy: "login failed").count == 4 }
        let delays = server.log.matches(of: /delay_ms=(\d+)/).map { String($0.1) }
        #expect(delays == ["250", "500", "1000"])
        // The same address, and another user.
        #expect(try server.sftp("alice", "ls", password: "wrong", options: ["-oBindAddress=127.0.1.1"]).status != 0)
        try waitUntil("this failure is logged") { server.log.components(separatedBy: "login failed").count == 5 }
        #expect(server.log.matches(of: /delay_ms=(\d+)/).last.map { String($0.1) } == "250")
    }

    // MARK: localhost

    @Test(arguments: ["127.0.0.1", "::1"]) func bothLoopbackAddressesAreServed(host: String) throws {
        let server = try RunningServer([("alice", "rw")])
        let run = try Command.run(
            "sftp", server.sshOptions + ["-P", server.port, "-b", "-", "alice@[\(host)]"], input: Data("ls\n".utf8),
            environment: server.environment())
        #expect(run.status == 0, "\(run.errors)")
        #expect(server.output.contains("\n  address:   127.0.0.1:\(server.port)\n"))
        #expect(server.output.contains("\n  address:   [::1]:\(server.port)\n"))
    }

    /// Whoever listens at the other address of `localhost` would be given the passphrase.
    @Test(
        .enabled(if: OtherUser.obstacle == nil, "\(OtherUser.obstacle ?? "")"),
        arguments: [("::1", "127.0.0.1"), ("127.0.0.1", "[::1]"), ("::", "localhost"), ("::1", "0.0.0.0")])
    func nothingIsServedBesideAnotherUsersServer(taken: String, listen: String) throws {
        let scratch = try Scratch()
        try TestVaults.copy([("alice", "rw")], to: scratch.url)
        let script = """
            import random, socket, sys, time
            server = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
            if ":" in sys.argv[1]: server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            # Not among the ports that the kernel gives to clients: one could have it at the other address.
            while True:
                try:
                    server.bind((sys.argv[1], random.randrange(20000, 32000)))
                    break
                except OSError:
                    pass
            server.listen()
            print(server.getsockname()[1], flush=True)
            time.sleep(600)
            """
        let output = try scratch.file("port", Data())
        let other = try ChildProcess(
            "setpriv", OtherUser.eve.arguments("python3", ["-c", script, taken]),
            streams: [.null, .writing(output), .null])
        try waitUntil("it listens") { try String(contentsOf: output, encoding: .utf8).hasSuffix("\n") }
        let port = try String(contentsOf: output, encoding: .utf8).trimmingCharacters(in: .newlines)
        let run = try Command.run(
            RunningServer.program,
            ["serve", "-c", scratch.path("Configs/server.conf"), "--listen", "\(listen):\(port)"], seconds: 20)
        #expect(run.status == 14)
        #expect(run.errors.contains(":\(port): the port is in use, by a program of uid 24502"), "\(run.errors)")
        #expect(run.text.isEmpty)
        #expect(other.isRunning)
    }

    /// A machine without IPv6 has nobody who could listen at ::1.
    @Test(.enabled(if: BareRoot.obstacle == nil, "\(BareRoot.obstacle ?? "")"))
    func withoutIPv6TheOtherAddressIsServed() throws {
        let scratch = try Scratch()
        try TestVaults.copy([("alice", "rw")], to: scratch.url)
        let output = try scratch.file("output", Data())
        let line = "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6; ip link set lo up; exec \"$@\""
        let serve = ["serve", "-c", scratch.path("Configs/server.conf"), "--listen", "127.0.0.1:2200"]
        let server = try ChildProcess(
            "unshare", ["--net", "sh", "-c", line, "sh", RunningServer.program] + serve,
            streams: [.null, .writing(output), .null])
        try waitUntil("it says what it does") { try String(contentsOf: output, encoding: .utf8).contains("stop:") }
        let text = try String(contentsOf: output, encoding: .utf8)
        #expect(text.contains("  address:   127.0.0.1:2200\n") && !text.contains("address:   [::1]"))
        #expect(text.contains("cannot listen on [::1]:2200"), "\(text)")
        server.signal(SIGTERM)
        #expect(server.wait() == 0)
    }

    /// The line that the server prints is one that OpenSSH accepts, for this server and no other.
    @Test func theKnownHostsLineIsTheServers() throws {
        let server = try RunningServer([("alice", "rw")])
        let line = try #require(server.output.split(separator: "\n").first { $0.hasPrefix("[127.0.0.1]:") })
        let known = try server.scratch.file("known", Data((line + "\n").utf8))
        let options = [
            "-oStrictHostKeyChecking=yes", "-oUserKnownHostsFile=\(known.path)", "-oGlobalKnownHostsFile=none",
        ]
        let others = server.sshOptions.filter { !$0.contains("HostKey") && !$0.contains("KnownHosts") }
        func login(_ known: [String]) throws -> Command {
            try Command.run(
                "sftp", known + others + ["-P", server.port, "-b", "-", "alice@127.0.0.1"], input: Data("ls\n".utf8),
                environment: server.environment())
        }
        #expect(try login(options).status == 0)
        try Data((line.dropLast(8) + "AAAAAAAA\n").utf8).write(to: known)
        #expect(try login(options).status == 255)
    }
}
