internal import CLibSSH

/// Why the transport failed.
///
/// Its text may be logged: it carries no secrets.
package struct SSHError: Error, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }

    /// The text of the last error of a session or a bind object.
    ///
    /// The C function is `ssh_get_error`.
    init(_ what: String, of object: OpaquePointer) {
        self.init("\(what): \(String(cString: ssh_get_error(UnsafeMutableRawPointer(object))))")
    }
}
