import Foundation
import GnuPG
import Synchronization
import TestSupport
import Testing

/// GnuPG homes of one process, used at the same time.
@Suite struct GnuPGHomeTests {
    /// gpgme has one default home for a process; a context keeps the one it was made for.
    @Test func threadsWorkInHomesOfTheirOwn() throws {
        let keys = try TestKeys.shared.get()
        let found = Mutex<[Int: [[String]]]>([:])
        DispatchQueue.concurrentPerform(iterations: 4) { number in
            let listings = try? fingerprints(number % 2 == 0 ? keys.directory : nil)
            found.withLock { $0[number] = listings }
        }
        let expected = (0..<4).map { ($0, Array(repeating: $0 % 2 == 0 ? [keys.fingerprint] : [], count: 5)) }
        #expect(found.withLock { $0 } == Dictionary(uniqueKeysWithValues: expected))
    }

    /// What a keyring lists, five times.
    private func fingerprints(_ directory: URL?) throws -> [[String]] {
        let keyring = try ScratchKeyring(keysIn: directory)
        return try (0..<5).map { _ in try keyring.keys().map(\.fingerprint) }
    }
}
