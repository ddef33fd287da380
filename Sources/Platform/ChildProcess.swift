private import CLinux
package import Glibc

/// A program started by this one.
package enum ChildProcess {
    /// Starts a program in a process group of its own, with the default signals.
    ///
    /// The C function is `posix_spawn`.
    ///
    /// - Parameters:
    ///   - path: the program; `PATH` is not searched.
    ///   - arguments: all of them, the program's name first.
    ///   - environment: all of it, as `NAME=value`.
    ///   - descriptors: what the program has as 0, 1, 2 and so on; it has no others.
    /// - Returns: the process.
    package static func start(
        _ path: String, _ arguments: [String], environment: [String], descriptors: [Int32]
    ) throws(SystemError) -> pid_t {
        var process: pid_t = 0
        let error = withCStrings(arguments) { arguments in
            withCStrings(environment) { environment in
                linux_spawn(&process, path, arguments, environment, descriptors, Int32(descriptors.count))
            }
        }
        guard error == 0 else { throw SystemError(error) }
        return process
    }

    /// Runs a program with nothing on its standard streams, and waits for its end.
    ///
    /// - Returns: its status, as `waitpid` gives it.
    @discardableResult
    package static func run(
        _ path: String, _ arguments: [String], environment: [String] = []
    ) throws(SystemError) -> Int32 {
        let null = try OwnedDescriptor(path: "/dev/null", O_RDWR)
        // Its number alone is used, and must stay its own until the program has it.
        defer { withExtendedLifetime(null) {} }
        let process = try start(
            path, [path] + arguments, environment: environment, descriptors: [null.raw, null.raw, null.raw])
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { throw .last }
        }
        return status
    }

    private static func withCStrings<R>(
        _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R
    ) -> R {
        let copies = strings.map { strdup($0) }
        defer { copies.forEach { free($0) } }
        return body(copies + [nil])
    }
}
