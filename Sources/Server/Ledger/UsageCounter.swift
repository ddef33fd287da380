private import Foundation
internal import Platform
private import SFTP
private import Synchronization
internal import Vault

/// Counts the files of homes, each in a thread of its own, while the listener serves others.
final class UsageCounter: Sendable {
    /// Readable when a count has ended.
    let ended: OwnedDescriptor
    private let end: OwnedDescriptor
    private let results = Mutex<[String: Usage]>([:])

    /// - Throws: `SystemError` when there are no descriptors left.
    init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .last }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (ended, end) = (OwnedDescriptor(ends[0]), OwnedDescriptor(ends[1]))
    }

    /// Starts to count; a home that cannot be opened has nothing in it.
    ///
    /// - Parameters:
    ///   - home: the path of an account's home.
    func start(_ account: String, _ home: String) {
        let thread = Thread { [self] in
            let usage = (try? Directory(path: home).usage()) ?? Usage()
            results.withLock { $0[account] = usage }
            write(end.raw, "x", 1)
        }
        thread.start()
    }

    /// Takes the results that there are.
    func take() -> [String: Usage] {
        var bytes = [UInt8](repeating: 0, count: 64)
        while read(ended.raw, &bytes, bytes.count) > 0 {}
        return results.withLock { results in
            defer { results = [:] }
            return results
        }
    }
}
