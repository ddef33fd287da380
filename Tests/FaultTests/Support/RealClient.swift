import Foundation
import TestSupport

/// One upload with somebody else's client, that runs while other things happen.
final class RealClient {
    enum Kind: String, CaseIterable { case sftp, paramiko }

    private let kind: Kind
    private let name: String
    private let contents: Data
    private let kept: URL
    private let process: ChildProcess

    static let python = "/usr/bin/python3"
    static let hasParamiko = (try? Command.run(RealClient.python, ["-c", "import paramiko"]).status) == 0
    static let script = Checkout.path("Tests/FaultTests/Scripts/paramiko_put.py")

    /// Starts it; it logs in and uploads one file, and leaves a file of its own when that was acknowledged.
    init(_ kind: Kind, _ server: RunningServer, _ numbers: inout SeededNumbers) throws {
        self.kind = kind
        name = "\(kind.rawValue)-\(Int.random(in: 0..<4, using: &numbers))"
        contents = .random(Int.random(in: 1...600_000, using: &numbers), seed: numbers.next())
        let local = try server.scratch.file("upload", contents)
        kept = server.scratch.url.appending(path: "kept")
        try? FileManager.default.removeItem(at: kept)
        switch kind {
        case .sftp: process = try server.startSFTP("alice", "put -f \(local.path) \(name)\n!touch \(kept.path)")
        case .paramiko:
            process = try ChildProcess(
                RealClient.python, [RealClient.script, server.port, local.path, name, kept.path],
                environment: ["TEST_PASSPHRASE": RunningServer.passphrase])
        }
    }

    /// Waits for its end and tells the ledger.
    func finish(_ ledger: inout Ledger, _ server: RunningServer) throws {
        _ = process.wait(seconds: 300)
        let isKept = FileManager.default.fileExists(atPath: kept.path)
        ledger.settle(name, contents, isKept ? .acknowledged : .unknown)
    }
}
