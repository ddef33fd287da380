private import Foundation

/// What the kernel allows the processes of a server.
///
/// The C function is `setrlimit`.
enum ResourceLimits {
    /// Bytes of memory that the process, and each gpg of it, may use: more than a session can need.
    private static let memory: rlim_t = 1 << 30

    /// Bounds the memory of a connection's processes, and raises their limit of open files.
    static func apply() {
        set(RLIMIT_DATA, rlimit(rlim_cur: memory, rlim_max: memory))
        raiseOpenFiles()
    }

    /// Raises the limit of open files as far as this user may: the soft limit is for programs that use select.
    ///
    /// Each transfer takes a session a few descriptors. Each connection takes the listener four, and each visit two.
    static func raiseOpenFiles() {
        var files = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
        files.rlim_cur = files.rlim_max
        set(RLIMIT_NOFILE, files)
    }

    private static func set(_ resource: __rlimit_resource, _ limit: rlimit) {
        var limit = limit
        setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
    }
}
