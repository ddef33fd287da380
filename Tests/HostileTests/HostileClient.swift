import Foundation
import TestSupport

/// One hostile client: a process of its own, so that its work is not the tests'; `Scripts/hostile.py` tells what it
/// does.
final class HostileClient {
    private let process: ChildProcess
    private let scratch: Scratch

    private static let script = Checkout.top.appending(path: "Tests/HostileTests/Scripts/hostile.py")

    /// The kinds that the script knows, in its order.
    static let kinds: [String] = {
        let lines = (try? String(contentsOf: script, encoding: .utf8))?.split(separator: "\n") ?? []
        let table = lines.drop { !$0.hasPrefix("KINDS = {") }.dropFirst().prefix { $0 != "}" }
        return table.compactMap { $0.split(separator: "\"").dropFirst().first.map(String.init) }
    }()

    /// Starts it and waits until it has done its worst once.
    init(_ kind: String, _ server: RunningServer, user: String) throws {
        scratch = try Scratch()
        process = try ChildProcess(
            Checkout.python, [Self.script.path, kind, server.port, user, RunningServer.passphrase],
            streams: [
                .null, .writing(scratch.file("output", Data())), .writing(scratch.file("errors", Data())),
            ])
        do {
            try waitUntil("it does its worst", seconds: 40) {
                text("output").contains("ready") || !process.isRunning
            }
        } catch {
            throw Unexpected(description: "\(error): \(text("errors").suffix(2000))")
        }
    }

    /// What it has complained about when it does not run any more.
    var end: String? { process.isRunning ? nil : "it has ended: \(text("errors").suffix(2000))" }

    /// Kills it.
    func stop() {
        process.signal(SIGKILL)
        _ = process.wait()
    }

    private func text(_ name: String) -> String {
        (try? String(contentsOfFile: scratch.path(name), encoding: .utf8)) ?? ""
    }
}
