/// The room that a session has, as `statvfs@openssh.com` shows it.
package struct Room: Equatable, Sendable {
    /// All that the account may store, in bytes; nil without such a limit.
    package let most: UInt64?
    /// What is left of it, and of the file system without its reserve, in bytes.
    package let free: UInt64
    /// The files and directories that may still be made; nil without such a limit.
    package let freeObjects: UInt64?

    package init(most: UInt64?, free: UInt64, freeObjects: UInt64?) {
        self.most = most
        self.free = free
        self.freeObjects = freeObjects
    }
}
