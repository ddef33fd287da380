/// A libssh object, freed with this one.
final class LibSSHObject {
    let raw: OpaquePointer
    /// Freed after the libssh object, which points into it.
    private let dependency: AnyObject?
    private let free: (OpaquePointer) -> Void

    /// Takes over a new object.
    ///
    /// - Parameter raw: nil when libssh could not make it.
    init(_ raw: OpaquePointer?, dependency: AnyObject? = nil, _ free: @escaping (OpaquePointer) -> Void)
        throws(SSHError)
    {
        guard let raw else { throw SSHError("libssh is out of memory") }
        self.raw = raw
        self.dependency = dependency
        self.free = free
    }

    deinit {
        free(raw)
    }
}
