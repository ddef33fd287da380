/// An amount of an account's budget.
package struct Usage: Equatable, Sendable {
    /// Bytes of stored files, as they are on the disk.
    package var bytes: UInt64
    /// Stored files and directories.
    package var objects: UInt64

    package init(bytes: UInt64 = 0, objects: UInt64 = 0) {
        self.bytes = bytes
        self.objects = objects
    }
}
