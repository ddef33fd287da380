/// A breach of the protocol after which the packet stream cannot be followed: the session ends.
package struct ProtocolViolation: Error, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
