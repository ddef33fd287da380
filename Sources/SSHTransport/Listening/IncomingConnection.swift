package import Platform

/// A connection that was accepted.
package struct IncomingConnection {
    package let socket: OwnedDescriptor
    /// The client's address, in numbers.
    package let address: String
    package let peer: Peer

    package init(socket: OwnedDescriptor, address: String, peer: Peer) {
        self.socket = socket
        self.address = address
        self.peer = peer
    }
}
