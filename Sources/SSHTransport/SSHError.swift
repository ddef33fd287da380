internal import CLibSSH

/// The reason why the SSH transport failed.
///
/// Its text carries no secrets and may be logged.
package struct SSHError: Error, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }

    /// Adds the last error of a session or a bind object.
    ///
    /// The C function is `ssh_get_error`.
    init(_ what: String, of object: OpaquePointer) {
        self.init("\(what): \(String(cString: ssh_get_error(UnsafeMutableRawPointer(object))))")
    }
}
