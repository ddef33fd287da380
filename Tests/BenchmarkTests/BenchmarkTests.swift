import Foundation
import TestSupport
import Testing

/// That `bin/bench` works, in its short form: what times it takes is no matter here.
@Suite(.serialized, .enabled(if: Effort.isFull, "bin/bench is run by bin/test --full"))
struct BenchmarkTests {
    private let scratch: Scratch
    /// Where the run puts what it stores, and nothing else is.
    private let data: URL

    init() throws {
        scratch = try Scratch()
        data = scratch.url.appending(path: "data")
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: false)
        // Started by root, sshd is another user's.
        for directory in [scratch.url, data] {
            try FileManager.default.setAttributes([.posixPermissions: 0o711], ofItemAtPath: directory.path)
        }
    }

    private var arguments: [String] {
        [
            Checkout.top.appending(path: "bin/bench").path, "--short", "--program", RunningServer.program, "--data",
            data.path, "--output", scratch.path("results"),
        ]
    }

    private func result(_ name: String) throws -> Data {
        try Data(contentsOf: scratch.url.appending(path: "results/\(name)"))
    }

    private func expectNothingLeft() throws {
        #expect(try FileManager.default.contentsOfDirectory(atPath: data.path).isEmpty)
        let left = ProcessTable.all().filter { $0.arguments.contains { $0.contains(data.path) } }
        #expect(left.isEmpty, "\(left)")
    }

    @Test func measuresAllServersAndComparesWhatTheyGive() throws {
        let run = try Command.run("sh", arguments, seconds: 1500)
        try #require(run.status == 0, "\(run.errors)")
        try expectNothingLeft()

        let document = try JSONDecoder().decode(BenchmarkDocument.self, from: result("benchmark.json"))
        #expect(document.short)
        #expect(document.servers.map(\.id) == ["openssh", "rclone", "cryptsftp"])
        #expect(document.servers.map(\.closeIsDurable) == [false, false, true])
        #expect(document.servers.allSatisfy { $0.ssh.cipher != nil && !$0.version.isEmpty })
        #expect(document.measurements.count == 14)
        for measurement in document.measurements {
            #expect(run.text.contains(measurement.title))
            for server in document.servers {
                let samples = try #require(measurement.samples[server.id])
                #expect(!samples.isEmpty && samples.allSatisfy { $0.seconds > 0 && $0.peakKiB > 0 })
                let compared = measurement.compared[server.id]
                #expect(compared == measurement.operations, "\(measurement.id), \(server.id)")
            }
            let times = try #require(measurement.summary["cryptsftp"]?.times)
            #expect(times.keys.sorted() == ["openssh", "rclone"] && times.values.allSatisfy { $0 > 0 })
            try expectPlot(measurement)
        }
        try expectSection(of: document)
    }

    private func expectPlot(_ measurement: BenchmarkDocument.Measurement) throws {
        let outline = try SVGOutline(result(measurement.id + ".svg"))
        #expect(outline.root == "svg")
        #expect(outline.text.contains(measurement.title))
        // The ground, and a bar for each server; a dot for each sample.
        #expect(outline.count("rect") == 1 + measurement.samples.count)
        #expect(outline.count("circle") == measurement.samples.values.map(\.count).reduce(0, +))
    }

    /// What README.md gets of a long run, and that the rest of it stays.
    private func expectSection(of document: BenchmarkDocument) throws {
        let results = scratch.path("results/benchmark.json")
        let original = try String(contentsOf: Checkout.top.appending(path: "README.md"), encoding: .utf8)
        let readme = try scratch.file("README.md", Data(original.utf8))
        let update = [arguments[0], "--readme", results, "--into", readme.path]
        let refused = try Command.run("sh", update)
        #expect(refused.status == 1 && refused.errors.contains("short run"))
        #expect(try String(contentsOf: readme, encoding: .utf8) == original)

        let long = String(decoding: try result("benchmark.json"), as: UTF8.self)
            .replacing("\"short\": true", with: "\"short\": false")
        try Data(long.utf8).write(to: URL(filePath: results))
        var texts: [String] = []
        for _ in 1...2 {
            let run = try Command.run("sh", update)
            try #require(run.status == 0, "\(run.errors)")
            texts.append(try String(contentsOf: readme, encoding: .utf8))
        }
        #expect(texts[0] == texts[1])
        let section = /\n?<!-- benchmark: .*? -->\n.*?<!-- end of benchmark -->\n/.dotMatchesNewlines()
        let written = try #require(texts[0].firstMatch(of: section)?.output)
        #expect(document.measurements.allSatisfy { written.contains("| \($0.title) |") })
        #expect(written.contains(document.date.prefix(10)) && written.contains(document.machine.processor))
        #expect(texts[0].replacing(section, with: "") == original.replacing(section, with: ""))
    }

    @Test func leavesNothingWhenItIsInterrupted() throws {
        let log = try scratch.file("log", Data())
        let run = try ChildProcess("sh", arguments + ["--only", "large"], streams: [.null, .null, .writing(log)])
        // All servers run by then, and one of them is being worked with.
        try waitUntil("the first round begins", seconds: 1500) {
            guard run.isRunning else {
                throw Unexpected(description: try String(contentsOf: log, encoding: .utf8))
            }
            return try String(contentsOf: log, encoding: .utf8).contains("round 1")
        }
        #expect(ProcessTable.all().contains { $0.arguments.contains { $0.contains(data.path) } })
        run.signal(SIGINT)
        #expect(run.wait(seconds: 60) == 130)
        try expectNothingLeft()
    }
}
