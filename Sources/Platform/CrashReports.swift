private import CLinux
private import Glibc

/// Core dumps, and reports of Swift's backtracer: both have the memory of a process that crashes, with what is secret
/// in it.
package enum CrashReports {
    /// The signals that the backtracer of the Swift runtime handles.
    private static let crashes = [SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP]

    /// Forbids both, for this process; another process of the user cannot trace it either.
    ///
    /// What this process starts has the limit of 0 bytes. That ends dumps to files, and not those that the system pipes
    /// to a program (core(5)).
    ///
    /// The C functions are `prctl` (`PR_SET_DUMPABLE`), `setrlimit` and `signal`.
    package static func forbid() {
        linux_forbid_dumps()
        var limit = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
        for crash in crashes { signal(crash, SIG_DFL) }
        // What this process starts reads it before it can run this function.
        setenv("SWIFT_BACKTRACE", "enable=no", 1)
    }
}
