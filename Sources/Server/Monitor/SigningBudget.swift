private import Foundation

/// How many signatures with a host key a session gets.
///
/// A client that has not logged in needs one, for its key exchange, and seldom more. After the login a client exchanges
/// keys again now and then, some after each megabyte. A session that has been taken over could have its monitor sign
/// for somebody who pretends to be the server: each signature serves one connection.
struct SigningBudget {
    /// Signatures before the login.
    private static let beforeLogin = 8
    /// Signatures that may follow each other at once after the login.
    private static let burst = 200.0
    /// Signatures a second in the long run.
    private static let rate = 200.0

    private var count = 0
    private var tokens = SigningBudget.burst
    private var last = ContinuousClock.now

    /// Takes one signature from the budget; after the login, waits for it.
    ///
    /// - Returns: false when there is none.
    mutating func take(isLoggedIn: Bool) -> Bool {
        guard isLoggedIn else {
            count += 1
            return count <= SigningBudget.beforeLogin
        }
        let now = ContinuousClock.now
        tokens = min(SigningBudget.burst, tokens + SigningBudget.rate * ((now - last) / .seconds(1)))
        last = now
        tokens -= 1
        if tokens < 0 { Thread.sleep(forTimeInterval: -tokens / SigningBudget.rate) }
        return true
    }
}
