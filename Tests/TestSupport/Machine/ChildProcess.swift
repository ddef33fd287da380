private import CLinux
package import Foundation

/// A process of a test, started and waited for with plain system calls, and killed with its test.
package final class ChildProcess {
    /// Where one of a process's standard streams leads.
    package enum Stream {
        case null
        case reading(URL)
        case writing(URL)
        /// A descriptor that stays the caller's to close.
        case descriptor(Int32)

        fileprivate var descriptor: Int32 {
            switch self {
            case .null: open("/dev/null", O_RDWR | O_CLOEXEC)
            case .reading(let file): open(file.path, O_RDONLY | O_CLOEXEC)
            case .writing(let file): open(file.path, O_WRONLY | O_CLOEXEC)
            case .descriptor(let descriptor): descriptor
            }
        }

        fileprivate var isOurs: Bool { if case .descriptor = self { false } else { true } }
    }

    package let identifier: pid_t
    private var status: Int32?

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - program: a name that is looked up, or a path.
    ///   - environment: added to this process's.
    ///   - streams: its standard input, output and error.
    package init(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], in directory: URL? = nil,
        streams: [Stream] = [.null, .null, .null]
    ) throws {
        let descriptors = streams.map(\.descriptor)
        defer { for (stream, descriptor) in zip(streams, descriptors) where stream.isOurs { close(descriptor) } }
        let place = directory.map { ["--chdir=\($0.path)"] } ?? []
        let line = ["/usr/bin/env"] + place + [program] + arguments
        let merged = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        var process: Int32 = 0
        let strings = line.map { strdup($0) }
        let variables = merged.map { strdup("\($0.key)=\($0.value)") }
        defer { (strings + variables).forEach { free($0) } }
        let error = linux_spawn(&process, line[0], strings + [nil], variables + [nil], descriptors, 3)
        guard error == 0 else { throw POSIXError(POSIXErrorCode(rawValue: error) ?? .EIO) }
        identifier = process
    }

    deinit {
        if isRunning { kill(-identifier, SIGKILL) }
        _ = wait()
    }

    package var isRunning: Bool {
        guard status == nil else { return false }
        var status: Int32 = 0
        guard waitpid(identifier, &status, WNOHANG) == 0 else {
            self.status = status
            return false
        }
        return true
    }

    package func signal(_ number: Int32) { if isRunning { kill(identifier, number) } }

    /// Waits for its end; one that takes longer is killed, with all it has started.
    ///
    /// - Returns: its exit code; 128 and the signal's number for one that was killed.
    package func wait(seconds: Double = 30) -> Int32 {
        let end = Date().addingTimeInterval(seconds)
        while isRunning {
            if Date() > end { kill(-identifier, SIGKILL) }
            usleep(2000)
        }
        let status = status ?? 0
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }
}
