import Foundation
import FuzzSupport
import TestSupport
import Testing

/// Inputs that were found, or that lead a fuzzer on its way, once more.
@Suite struct CorpusTests {
    static let directory = Checkout.top.appending(path: "Tests/FuzzTests/Corpus")

    /// The files for one target, by name.
    static func inputs(_ target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
        let directory = directory.appending(path: target.rawValue)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
        return try names.map { ($0, Array(try Data(contentsOf: directory.appending(path: $0)))) }
    }

    @Test(arguments: FuzzTarget.allCases) func replays(target: FuzzTarget) throws {
        let inputs = try Self.inputs(target)
        #expect(inputs.count >= 10, "the corpus of \(target) is gone")
        for (name, bytes) in inputs {
            // A trap ends the process: the last line names the input then.
            FileHandle.standardError.write(Data("\(target)/\(name)\n".utf8))
            do { try target.run(bytes) } catch { Issue.record("\(target)/\(name): \(error)") }
        }
    }
}
