extension [UInt8] {
    /// Calls `body` with the name as a C string.
    ///
    /// The names come from ``SFTP/VirtualPath`` or from the disk, and contain no NUL.
    func withCString<R>(_ body: (UnsafePointer<CChar>) -> R) -> R {
        body(map { CChar(bitPattern: $0) } + [0])
    }
}
