import Foundation
import TestSupport
import Testing

/// Processes killed at random moments while several clients upload: what was acknowledged is kept, the rest is not
/// there.
///
/// `CRYPTSFTP_KILLS` is how many at least; `bin/soak` sets it.
@Suite(.serialized) struct KillTests {
    @Test func whatWasAcknowledgedOutlivesEveryKill() throws {
        let wanted =
            ProcessInfo.processInfo.environment["CRYPTSFTP_KILLS"].flatMap { Int($0) } ?? Effort.count(10, full: 40)
        let matrix = try KillMatrix(SeededNumbers(for: "kills"))
        var round = 0
        // Each kind has its turn, and goes on having it until enough of everything has happened to have shown
        // something.
        while round < KillMatrix.Victim.allCases.count || matrix.total < wanted || !matrix.hasSeenAll(wanted),
            round < wanted * 3, matrix.problems.count < 20
        {
            let kinds = RealClient.Kind.allCases
            try matrix.round(
                KillMatrix.Victim.allCases[round % KillMatrix.Victim.allCases.count],
                beside: round % 4 == 3 ? kinds[round / 4 % kinds.count] : nil)
            round += 1
        }
        try matrix.finish()
        let kills = matrix.kills.map { "\($0.key.rawValue) \($0.value)" }.sorted().joined(separator: ", ")
        print("kills: \(kills); uploads: \(matrix.ledger.counts), \(matrix.partials) kept in part")
        #expect(matrix.problems.isEmpty, "\(matrix.problems.joined(separator: "\n"))")
        #expect(matrix.total >= wanted, "not enough was there to be killed: \(kills)")
        #expect(matrix.hasSeenAll(wanted))
    }
}
