private import Foundation

/// What the kernel allows a session process, before it has read anything from its client.
///
/// The C function is `setrlimit`.
enum ResourceLimits {
    /// Bytes of memory that the process, and each gpg of it, may use: more than a session can need.
    private static let memory: rlim_t = 1 << 30

    /// Bounds the memory, and raises the limit of open files.
    static func apply() {
        set(RLIMIT_DATA, rlimit(rlim_cur: memory, rlim_max: memory))
        // Each transfer takes a few descriptors. The soft limit is for programs that use select.
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
