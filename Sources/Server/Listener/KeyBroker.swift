package import Foundation

/// Brings together the monitors of one user, so that a key is opened once for all sessions that are there.
///
/// Keys are told apart by a text that changes with the account, the passphrase's hash and the key's files. A monitor asks
/// only after it has checked the passphrase.
package struct KeyBroker {
    /// What a monitor is to be told.
    package enum Action: Equatable, Sendable {
        /// To open the key with the passphrase.
        case open(pid_t)
        /// To hand the opened key on, and to take it.
        case connect(holder: pid_t, taker: pid_t)
    }

    private struct Key {
        /// Monitors that have the opened key.
        var holders: [pid_t] = []
        /// The monitor that is opening it.
        var opener: pid_t?
        /// Monitors that wait for it.
        var waiting: [pid_t] = []
    }

    private var keys: [String: Key] = [:]

    package init() {}

    /// A monitor needs a key.
    package mutating func want(_ key: String, by monitor: pid_t) -> [Action] {
        var state = keys[key] ?? Key()
        defer { keys[key] = state }
        if let holder = state.holders.last { return [.connect(holder: holder, taker: monitor)] }
        if state.opener == nil {
            state.opener = monitor
            return [.open(monitor)]
        }
        state.waiting.append(monitor)
        return []
    }

    /// A monitor has the opened key.
    package mutating func opened(_ key: String, by monitor: pid_t) -> [Action] {
        var state = keys[key] ?? Key()
        defer { keys[key] = state }
        if !state.holders.contains(monitor) { state.holders.append(monitor) }
        if state.opener == monitor { state.opener = nil }
        defer { state.waiting = [] }
        return state.waiting.map { .connect(holder: monitor, taker: $0) }
    }

    /// A monitor has ended, or cannot open what it wanted to.
    ///
    /// Those that wait for it find out for themselves.
    package mutating func ended(_ monitor: pid_t) -> [Action] {
        var actions: [Action] = []
        for (key, var state) in keys {
            state.holders.removeAll { $0 == monitor }
            state.waiting.removeAll { $0 == monitor }
            if state.opener == monitor {
                state.opener = nil
                actions += state.waiting.map { .open($0) }
                state.waiting = []
            }
            keys[key] = state.holders.isEmpty && state.opener == nil && state.waiting.isEmpty ? nil : state
        }
        return actions
    }
}
