import FuzzSupport
import TestSupport
import Testing

/// Random inputs without a fuzzer: as many each time, and others each time.
@Suite(.serialized) struct RandomInputTests {
    private static let inputs: [FuzzTarget: Int] = [
        .session: 15_000, .message: 15_000, .sealed: 15_000, .keys: 15_000, .command: 60_000, .configuration: 8000,
    ]

    /// Inputs of the corpus, changed.
    @Test(arguments: FuzzTarget.allCases) func changedInputs(target: FuzzTarget) throws {
        let corpus = try CorpusTests.inputs(target).map(\.bytes)
        var mutation = Mutation(SeededNumbers(for: "changed inputs of \(target)"))
        for number in 0..<(Self.inputs[target] ?? 0) {
            let input = mutation.mutate(mutation.one(of: corpus), with: corpus)
            do { try target.run(input) } catch {
                Issue.record("\(target), input \(number): \(error)\n\(input)")
                return
            }
        }
    }

    /// Sequences of requests that are well-formed but make no sense, some of them changed.
    @Test func requests() throws {
        let random = SeededNumbers(for: "requests")
        var mutation = Mutation(random)
        var requests = RandomRequests(random, paths: ["/a", "/b", "/", "/c/d", ".", "~"]) { mutation in
            SessionFuzz.marker + [UInt8(mutation.number(12))]
        }
        for number in 0..<3000 {
            // Packet by packet.
            var input: [UInt8] = [0] + RequestWriter.initialize()
            for id in 0..<UInt32(mutation.number(60)) {
                let packet = requests.next(id: id)
                input += mutation.number(20) == 0 ? mutation.mutate(packet, with: [packet]) : packet
            }
            do { try FuzzTarget.session.run(input) } catch {
                Issue.record("sequence \(number): \(error)\n\(input)")
                return
            }
        }
    }
}
