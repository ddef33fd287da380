import Foundation
import GnuPG
import Synchronization
import Testing

/// GnuPG homes of one process, used at the same time.
@Suite struct GnuPGHomeTests {
    /// gpgme has one default home for a process; a context keeps the one it was made for.
    @Test func threadsWorkInHomesOfTheirOwn() throws {
        let users = Mutex<[Int: [[String]]]>([:])
        DispatchQueue.concurrentPerform(iterations: 4) { number in
            let found = try? userIDs(number)
            users.withLock { $0[number] = found }
        }
        let expected = Dictionary(uniqueKeysWithValues: (0..<4).map { ($0, [["user\($0)"], ["second\($0)"]]) })
        #expect(users.withLock { $0 } == expected)
    }

    private func userIDs(_ number: Int) throws -> [[String]] {
        let keyring = try ScratchKeyring(keysIn: nil)
        let passphrase = try KeyFixture.secret("a passphrase")
        let first = try keyring.addKey(userID: "user\(number)", passphrase: passphrase)
        #expect(try keyring.keys().map(\.fingerprint) == [first.fingerprint])
        _ = try keyring.addKey(userID: "second\(number)", passphrase: passphrase)
        return try keyring.keys().map(\.userIDs)
    }
}
