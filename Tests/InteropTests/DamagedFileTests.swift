import Foundation
import SFTP
import TestSupport
import Testing

/// Damaged files, fetched by every client: it says that it failed, or has the right bytes.
@Suite(.serialized) struct DamagedFileTests {
    private static let passphrase = RunningServer.passphrase

    /// Fetches every file in one way, each with a client of its own: its exit code tells whether it failed.
    ///
    /// A short run takes some of the damaged files, at random.
    ///
    /// - Parameters:
    ///   - part: which bytes are fetched; nil for all, and then the server may give out the beginning of a large file
    ///     before it fails.
    ///   - fetch: leaves what it gets in the file `down`; throws when the client says that it failed.
    private func expectNoLie(
        _ client: Interop, _ files: DamagedFiles, _ how: String, part: Range<Int>? = nil,
        _ fetch: (_ name: String) throws -> Void
    ) throws {
        let good = files.files.filter(\.isGood)
        let damaged = Effort.some(6, of: files.files.filter { !$0.isGood }, for: "\(client.client), \(how)")
        for file in good + damaged {
            // The beginning alone is given out of a large file before all of it is looked at.
            if file.isStreamed, let part, part.lowerBound == 0 { continue }
            try? FileManager.default.removeItem(at: client.url("down"))
            var failure: Mismatch?
            do { try fetch(file.name) } catch let error as Mismatch { failure = error }
            try expectTruth(client, file, how, part, "down", failure)
        }
    }

    private func expectTruth(
        _ client: Interop, _ file: DamagedFiles.File, _ how: String, _ part: Range<Int>?, _ local: String,
        _ failure: Mismatch?
    ) throws {
        if let failure {
            if file.isGood { throw failure }
            return
        }
        let got = (try? client.bytes(local)) ?? Data()
        let expected = Data(file.plain[(part ?? 0..<file.plain.count).clamped(to: 0..<file.plain.count)])
        guard got != expected else { return }
        let first = zip(got, expected).enumerated().first { $1.0 != $1.1 }?.offset ?? -1
        try client.require(
            false,
            "\(how) of \(file.name) succeeded with \(got.count) bytes of \(expected.count), the first wrong one at \(first)"
        )
    }

    private func station(_ name: String) throws -> (Interop, DamagedFiles) {
        let client = try Interop(name, append: DamagedFiles.limits)
        return (client, try DamagedFiles(client))
    }

    @Test func sftp() throws {
        let (client, files) = try station("OpenSSH sftp")
        for options in [[], ["-R", "1"]] {
            try expectNoLie(client, files, "get \(options)") {
                try client.passed(client.server.sftp("alice", "get \($0) down", options: options))
            }
        }
        for file in files.files { try file.plain.prefix(100_000).write(to: client.url("part-" + file.name)) }
        try expectNoLie(client, files, "reget") { name in
            try FileManager.default.moveItem(at: client.url("part-" + name), to: client.url("down"))
            try client.passed(client.server.sftp("alice", "reget \(name) down"))
        }
    }

    @Test func scp() throws {
        let (client, files) = try station("OpenSSH scp")
        try expectNoLie(client, files, "scp") {
            try client.passed(client.server.scp("alice", ["remote:\($0)", "down"]))
        }
    }

    @Test func psftp() throws {
        let (client, files) = try station("PuTTY psftp")
        try expectNoLie(client, files, "get") {
            try client.psftp("alice", password: Self.passphrase, "get \($0) down")
        }
    }

    @Test func lftp() throws {
        let (client, files) = try station("lftp")
        try FileManager.default.createDirectory(at: client.url("got"), withIntermediateDirectories: true)
        let lines = [("get", "get"), ("pget", "pget -n 4")].flatMap { way, command in
            files.files.map { "\(command) \($0.name) -o got/\(way)-\($0.name) && echo \(way) \($0.name)" }
        }
        let run = try client.lftp(
            "alice", password: Self.passphrase,
            (["set cmd:fail-exit no"] + lines + ["echo"]).joined(separator: "\n"))
        try expectNoLie(client, files, printed: run.text)
    }

    @Test func curl() throws {
        let (client, files) = try station("curl")
        try FileManager.default.createDirectory(at: client.url("got"), withIntermediateDirectories: true)
        let whole = try curl(client, files.files, "whole")
        try expectNoLie(client, files, printed: whole)
        for part in [0..<1000, 100_000..<100_100, 299_000..<300_000] {
            // The beginning alone is given out of a large file before all of it is looked at.
            let some = files.files.filter { !$0.isStreamed || $0.isGood || part.lowerBound > 0 }
            let way = "from-\(part.lowerBound)"
            let printed = try curl(client, some, way, ["-r", "\(part.lowerBound)-\(part.upperBound - 1)"])
            try expectNoLie(client, files, printed: printed, parts: [way: part])
        }
    }

    /// Fetches files with one curl, into `got`.
    ///
    /// - Returns: "WAY NAME" for each transfer for which curl says that it succeeded.
    private func curl(
        _ client: Interop, _ files: [DamagedFiles.File], _ way: String, _ options: [String] = []
    ) throws -> String {
        let transfers = files.flatMap { ["-o", "got/\(way)-\($0.name)", "/\($0.name)"] }
        let run = try Command.run(
            "curl",
            client.curlArguments(
                "alice", password: Self.passphrase, options + ["-w", "%{exitcode} %{urlnum}\n"] + transfers),
            environment: client.environment, in: client.server.scratch.url)
        let lines = run.text.split(separator: "\n").map { $0.split(separator: " ").compactMap { Int($0) } }
        try client.require(lines.map(\.last) == Array(files.indices), "transfers: \(run.text)")
        return lines.filter { $0.first == 0 }.map { "\(way) \(files[$0[1]].name)\n" }.joined()
    }

    @Test func rclone() throws {
        let (client, files) = try station("rclone")
        for options in [["--ignore-checksum", "--ignore-size"], ["--multi-thread-cutoff", "100k"]] {
            try expectNoLie(client, files, "copyto \(options)") {
                try client.rclone(
                    "alice", password: Self.passphrase, ["copyto"] + options + [":sftp:\($0)", client.url("down").path])
            }
        }
    }

    /// Every way of reading that a mount has, twice: the kernel keeps what it has read.
    ///
    /// sshfs (3.7) takes an error for the end of the file, so that only an OPEN can fail: of the large ones those are
    /// left out that open.
    @Test(.enabled(if: Mount.obstacle == nil, "nothing can be mounted here: \(Mount.obstacle ?? "")"))
    func sshfs() throws {
        let (client, all) = try station("sshfs")
        let files = all.thatOpenOnlyIfGood
        for options in [[], ["kernel_cache"], ["direct_io"], ["no_readahead"]] {
            let mount = try Mount(client, options: options)
            defer { mount.unmount() }
            for round in 1...2 {
                for command in ["cat NAME > ../down", "cp NAME ../down", "dd if=NAME of=../down bs=70000 status=none"] {
                    try expectNoLie(client, files, "\(options) \(round): \(command)") {
                        try mount.sh(command.replacing("NAME", with: $0))
                    }
                }
                for skip in [0, 40, 73] {
                    let command = "dd if=NAME of=../down bs=4096 skip=\(skip) count=1 status=none"
                    let part = skip * 4096..<(skip + 1) * 4096
                    try expectNoLie(client, files, "\(options) \(round): \(command)", part: part) {
                        try mount.sh(command.replacing("NAME", with: $0))
                    }
                }
            }
        }
    }

    /// Compares what a script has fetched: it prints "WAY NAME" for all that has succeeded.
    private func expectNoLie(
        _ client: Interop, _ files: DamagedFiles, printed: String, parts: [String: Range<Int>] = [:]
    ) throws {
        let lines = printed.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        for line in lines where line.count == 2 {
            guard let file = files.files.first(where: { $0.name == line[1] }) else { continue }
            try expectTruth(client, file, line[0], parts[line[0]], "got/\(line[0])-\(line[1])", nil)
        }
        for way in Set(lines.compactMap(\.first)) {
            for file in files.files where file.isGood {
                try client.require(lines.contains([way, file.name]), "\(way) of \(file.name) failed")
            }
        }
        try client.require(!lines.isEmpty, "nothing was fetched")
    }

    @Test(arguments: ["paramiko", "asyncssh"]) func python(library: String) throws {
        let (client, files) = try station(library)
        let script = Interop.script("damaged_jobs.py")
        let run = try client.run(
            Checkout.python, [script, library, client.server.port] + files.files.map(\.name),
            adding: ["TEST_PASSPHRASE": Self.passphrase])
        try expectNoLie(
            client, files, printed: run.text, parts: ["part": 100_000..<150_000, "vector": 100_000..<150_000])
    }

    /// Not `gio cat`: gvfs (1.50) waits for ever when it cannot open a file for that.
    @Test func gio() throws {
        let (client, files) = try station("gio with gvfs")
        try FileManager.default.createDirectory(at: client.url("got"), withIntermediateDirectories: true)
        let names = files.files.map(\.name).joined(separator: " ")
        let run = try client.gio(
            """
            for name in \(names); do
                gio copy "$root/$name" "got/copy-$name" && echo "copy $name" || true
            done
            true
            """)
        try expectNoLie(client, files, printed: run.text)
    }

    /// Many requests in flight, as WinSCP and FileZilla have.
    @Test func packetsInFlight() throws {
        let (client, files) = try station("packet by packet")
        let wire = try client.server.wire("alice")
        _ = try wire.initialize()
        for file in files.files {
            guard let handle = try wire.open("/" + file.name, .read) else {
                try client.require(!file.isGood, "\(file.name) cannot be opened")
                continue
            }
            let offsets = stride(from: 0, to: file.plain.count + 1, by: 32768)
            let replies = try wire.ask(all: offsets.map { RequestWriter.read(handle, at: UInt64($0), 32768) })
            let bytes = replies.reduce(into: Data()) { if case .data(let more) = $1 { $0 += more } }
            let isWhole = replies.allSatisfy { if case .data = $0 { true } else { $0.code == 1 } }
            try client.require(isWhole ? bytes == file.plain : !file.isGood, "\(file.name): \(bytes.count) bytes")
            _ = try wire.ask(RequestWriter.onHandle(.close, handle))
        }
    }
}
