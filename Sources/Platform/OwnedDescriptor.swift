package import Glibc

/// An open file, closed with this object.
///
/// Swift may end an object after its last use, and a use of ``raw`` is over before the system call that gets the
/// number. So a function that owns one keeps it alive with `withExtendedLifetime`; a stored property lives as long as
/// its owner.
package final class OwnedDescriptor: Sendable {
    package let raw: Int32

    /// Takes over an open descriptor.
    package init(_ raw: Int32) {
        self.raw = raw
    }

    /// Opens a file by path, with `O_CLOEXEC` added.
    ///
    /// The C function is `open`.
    package convenience init(path: String, _ flags: Int32, mode: mode_t = 0) throws(SystemError) {
        let descriptor = open(path, flags | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw .last }
        self.init(descriptor)
    }

    /// Opens what another descriptor has open, whose position it shares.
    ///
    /// The C function is `fcntl` (`F_DUPFD_CLOEXEC`).
    package convenience init(duplicating descriptor: Int32) throws(SystemError) {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw .last }
        self.init(copy)
    }

    deinit {
        close(raw)
    }

    /// What the file is now.
    ///
    /// The C function is `fstat`.
    package func status() throws(SystemError) -> stat {
        var status = stat()
        guard fstat(raw, &status) == 0 else { throw .last }
        return status
    }
}
