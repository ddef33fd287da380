import Foundation
import Secrets
import Server
import ServerConfiguration
import Testing

/// Every kind of account, with every kind of password.
struct LoginDecisionTests {
    private struct Row {
        /// Lines of the account; nil for a user that there is not.
        let account: String?
        let password: Password
        let decision: LoginDecision
        /// Evaluations of Argon2, and uses of the key.
        let cost: (hashes: Int, keys: Int)

        init(_ account: String?, _ password: Password, _ decision: LoginDecision, _ hashes: Int, _ keys: Int) {
            self.account = account
            self.password = password
            self.decision = decision
            cost = (hashes, keys)
        }
    }

    private enum Password: CaseIterable {
        case passphrase, writeOnly, wrong
    }

    private static let ownerHash = hash("A")
    private static let writeOnlyHash = hash("B")
    private static let withHash = "password = \"\(ownerHash)\"\n"
    private static let withWriteOnlyHash = "wo_password = \"\(writeOnlyHash)\"\n"
    private static let rw = "access = \"rw\"\n"
    private static let wo = "access = \"wo\"\n"

    private static func hash(_ digit: Character) -> String {
        "$argon2id$v=19$m=32768,t=4,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + String(repeating: digit, count: 42) + "A"
    }

    private static let rows = [
        Row(nil, .passphrase, .rejected, 2, 0),
        Row(nil, .wrong, .rejected, 2, 0),
        Row(rw + withHash, .passphrase, .owner, 1, 1),
        Row(rw + withHash, .wrong, .rejected, 2, 0),
        Row(rw, .passphrase, .owner, 0, 1),
        Row(rw, .wrong, .rejected, 1, 1),
        Row(wo + withHash, .passphrase, .owner, 1, 1),
        Row(wo + withHash, .wrong, .writeOnly, 1, 0),
        Row(wo, .passphrase, .owner, 0, 1),
        Row(wo, .wrong, .writeOnly, 0, 1),
        Row(wo + withHash + withWriteOnlyHash, .passphrase, .owner, 1, 1),
        Row(wo + withHash + withWriteOnlyHash, .writeOnly, .writeOnly, 2, 0),
        Row(wo + withHash + withWriteOnlyHash, .wrong, .rejected, 2, 0),
        Row(wo + withWriteOnlyHash, .passphrase, .owner, 0, 1),
        Row(wo + withWriteOnlyHash, .writeOnly, .writeOnly, 1, 1),
        Row(wo + withWriteOnlyHash, .wrong, .rejected, 1, 1),
    ]

    private func account(_ lines: String?) throws -> Account? {
        guard let lines else { return nil }
        let text =
            "data = \"data\"\n[[user]]\nname = \"alice\"\nkey = \"\(String(repeating: "AB", count: 20))\"\n\(lines)"
        return try Configuration(text, file: URL(filePath: "/server.conf")).account(named: "alice")
    }

    /// Decides, and counts what that takes.
    private func decide(
        _ account: Account?, _ password: Password, key: LoginDecision.KeyOpening
    ) -> (decision: LoginDecision, hashes: Int, keys: Int) {
        var (hashes, keys) = (0, 0)
        let decision = LoginDecision(
            for: account,
            matches: { hash in
                hashes += 1
                switch password {
                case .passphrase: return hash.text == Self.ownerHash
                case .writeOnly: return hash.text == Self.writeOnlyHash
                case .wrong: return false
                }
            },
            opensKey: {
                keys += 1
                return key
            })
        return (decision, hashes, keys)
    }

    @Test func table() throws {
        for row in Self.rows {
            let result = try decide(
                account(row.account), row.password, key: row.password == .passphrase ? .opened : .wrongPassphrase)
            #expect(result.decision == row.decision, "\(row)")
            #expect(result.hashes == row.cost.hashes && result.keys == row.cost.keys, "\(row): \(result)")
        }
    }

    /// The time of a rejected login does not tell what there is: two checks, whatever the account.
    @Test func aRejectedLoginCostsTheSame() throws {
        for row in Self.rows where row.decision == .rejected {
            let result = try decide(account(row.account), row.password, key: .wrongPassphrase)
            #expect(result.hashes + result.keys == 2, "\(row): \(result)")
        }
    }

    /// With a hash, no password but the right one reaches the key.
    @Test func theKeyIsNotTriedWithoutNeed() throws {
        for row in Self.rows where row.account?.contains("\npassword") ?? true {
            let result = try decide(account(row.account), row.password, key: .opened)
            #expect(result.keys == (row.decision == .owner ? 1 : 0), "\(row): \(result)")
        }
    }

    /// Whoever gives the passphrase and does not get the plaintext gets no view in which everything else looks right.
    @Test func aKeyThatDoesNotOpen() throws {
        let both = try account(Self.wo + Self.withHash + Self.withWriteOnlyHash)
        for opening in [LoginDecision.KeyOpening.wrongPassphrase, .refused] {
            #expect(try decide(account(Self.rw + Self.withHash), .passphrase, key: opening).decision == .rejected)
            #expect(try decide(account(Self.wo + Self.withHash), .passphrase, key: opening).decision == .rejected)
            #expect(decide(both, .passphrase, key: opening).decision == .rejected)
        }
        // Without a hash, nothing but the key can tell whose password it is.
        #expect(try decide(account(Self.wo), .passphrase, key: .refused).decision == .rejected)
        #expect(try decide(account(Self.wo), .passphrase, key: .wrongPassphrase).decision == .writeOnly)
    }
}
