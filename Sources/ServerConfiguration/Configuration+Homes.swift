/// Homes that lie in each other, or are the same: whoever logs in to one is in the other user's files.
extension Configuration {
    /// A user whose home meets another user's, and neither has `shared = true`.
    package struct SharedHome: Sendable, Equatable, CustomStringConvertible {
        package let user: String
        package let other: String

        package var description: String {
            "the homes of \(user) and \(other) are the same, or one lies in the other: each can see and change "
                + "files of the other"
        }
    }

    /// All pairs of users whose homes meet without `shared = true`.
    package var sharedHomes: [SharedHome] {
        accounts.enumerated().flatMap { index, account in
            accounts.dropFirst(index + 1).filter {
                !account.isShared && !$0.isShared && Configuration.meet(account.home, $0.home)
            }.map { SharedHome(user: account.name, other: $0.name) }
        }
    }

    /// The other user in whose home a user's new one would lie, or who would be in it.
    ///
    /// - Returns: nil when there is none, or both want that.
    package func sharedHome(_ home: String, of user: String, isShared: Bool) -> SharedHome? {
        let other = accounts.first {
            $0.name != user && !$0.isShared && !isShared && Configuration.meet(home, $0.home)
        }
        return other.map { SharedHome(user: user, other: $0.name) }
    }

    /// Whether one of two homes is the other, or is in it.
    ///
    /// Case does not count: on FAT, exFAT and many others `alice` is `Alice`.
    private static func meet(_ home: String, _ other: String) -> Bool {
        let (first, second) = (parts(home), parts(other))
        return first.starts(with: second) || second.starts(with: first)
    }

    private static func parts(_ home: String) -> [String] {
        home == "." ? [] : home.split(separator: "/").map { $0.lowercased() }
    }
}
