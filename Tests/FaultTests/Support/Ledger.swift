import Foundation

/// What the stored files must be, kept beside them while clients upload and processes are killed.
struct Ledger {
    /// How an upload ended, as its client knows it.
    enum Outcome: Equatable {
        /// CLOSE was answered with OK.
        case acknowledged
        /// The server said no, or the connection ended before CLOSE was sent.
        case refused
        /// The connection ended while CLOSE was on its way.
        case unknown
    }

    /// What each name must hold.
    private(set) var kept: [String: Data] = [:]
    /// Uploads that nobody knows the end of: each is there as a whole, or not at all.
    private var undecided: [String: Data] = [:]
    /// Uploads of names that hold nothing, none of them acknowledged: a partial is the beginning of one.
    private var unfinished: [String: [Data]] = [:]
    /// Names that something was done with since the last look.
    private(set) var touched: Set<String> = []
    private(set) var counts: [Outcome: Int] = [:]

    mutating func settle(_ name: String, _ contents: Data, _ outcome: Outcome) {
        touched.insert(name)
        counts[outcome, default: 0] += 1
        if outcome == .acknowledged {
            keep(name, contents)
        } else {
            if outcome == .unknown { undecided[name] = contents }
            if kept[name] == nil { unfinished[name, default: []].append(contents) }
        }
    }

    mutating func removed(_ name: String) {
        touched.insert(name)
        kept[name] = nil
        unfinished[name] = nil
    }

    private mutating func keep(_ name: String, _ contents: Data) {
        kept[name] = contents
        undecided[name] = nil
        unfinished[name] = nil
    }

    /// Compares it with what was found, and goes on from there.
    ///
    /// - Parameters:
    ///   - names: those of all stored files.
    ///   - contents: of the files that were looked into.
    ///   - partials: the contents of all uploads that were cut off.
    /// - Returns: what is wrong.
    mutating func compare(_ names: Set<String>, _ contents: [String: Data], partials: [String: Data]) -> [String] {
        var problems: [String] = []
        for (name, version) in undecided where contents[name] == version { keep(name, version) }
        undecided = [:]
        for name in names.subtracting(kept.keys) { problems.append("\(name) is stored and was not acknowledged") }
        for name in Set(kept.keys).subtracting(names) { problems.append("\(name) was acknowledged and is gone") }
        for (name, found) in contents where names.contains(name) && kept[name] != nil && kept[name] != found {
            problems.append("\(name) is not what was acknowledged: \(found.count) bytes")
        }
        for (name, found) in partials {
            if kept[name] != nil { problems.append("\(name) has a partial beside it") }
            if unfinished[name]?.contains(where: { $0.starts(with: found) }) != true {
                problems.append("the partial of \(name) is the beginning of no upload")
            }
        }
        touched = []
        return problems
    }
}
