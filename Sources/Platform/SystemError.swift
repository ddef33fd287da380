private import Glibc

/// An error number of a system call.
///
/// Source: POSIX.1-2017, System Interfaces, section 2.3 (error numbers).
package struct SystemError: Error, Equatable, CustomStringConvertible {
    package let number: Int32

    package init(_ number: Int32) {
        self.number = number
    }

    /// The error number of the system call that has just failed on this thread.
    package static var last: SystemError { SystemError(errno) }

    /// The system's sentence for it.
    ///
    /// The C function is `strerror`.
    package var description: String { String(cString: strerror(number)) }
}
