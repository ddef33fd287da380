/// Why a text is not TOML, or not the part of TOML that server.conf uses.
package struct TOMLError: Error, Equatable {
    /// Counted from 1.
    package let line: Int
    package let reason: String
}
