private import CLinux
internal import Foundation
internal import Platform
package import ServerConfiguration

/// What the listener tells the monitor of a new connection, through a memfd.
///
/// The C function is `memfd_create`.
package struct SessionParameters: Codable {
    let configurationFile: String
    /// The configuration as the listener has read it, so that all connections see the same.
    let configurationText: String
    /// The listener's process: a monitor whose parent is another one ends at once.
    let listener: Int32
    /// The client's address.
    let peer: String
    let logLevel: String
    /// What this machine remembers of the vault; nil if it was not told to trust it.
    let known: KnownVault?
    /// The key of the hashes of passwords that tell visits apart: random, and of this listener alone.
    let visitKey: [UInt8]

    /// - Parameter peer: the client's address.
    package init(
        configurationFile: String, configurationText: String, listener: Int32, peer: String, logLevel: String,
        known: KnownVault?, visitKey: [UInt8]
    ) {
        self.configurationFile = configurationFile
        self.configurationText = configurationText
        self.listener = listener
        self.peer = peer
        self.logLevel = logLevel
        self.known = known
        self.visitKey = visitKey
    }

    /// The descriptors of the process of a connection, beyond the three that every process has.
    enum Descriptor {
        /// The client's socket, for the session.
        static let socket: Int32 = 3
        /// The socket of the session's ``ListenerLink``.
        static let link: Int32 = 4
        /// These parameters, for the monitor.
        static let parameters: Int32 = 5
        /// The socket of the monitor's ``ListenerLink``.
        static let monitorLink: Int32 = 6
        /// The socket on which the listener tells the monitor to hand keys on.
        static let keys: Int32 = 7

        static let all = [socket, link, parameters, monitorLink, keys]
    }

    /// Writes the parameters to a memfd.
    ///
    /// - Returns: the memfd, positioned at the start of the text.
    /// - Throws: `SystemError` when there is no memory.
    func written() throws -> OwnedDescriptor {
        let text = try JSONEncoder().encode(self)
        let descriptor = linux_memfd_create("parameters")
        guard descriptor >= 0 else { throw SystemError.last }
        let file = OwnedDescriptor(descriptor)
        try text.withUnsafeBytes { try FileIO.writeAll($0, to: file.raw, at: 0) }
        return file
    }

    /// Reads the parameters that this process was started with.
    static func read() throws -> SessionParameters {
        let file = FileHandle(fileDescriptor: Descriptor.parameters, closeOnDealloc: true)
        return try JSONDecoder().decode(SessionParameters.self, from: file.readToEnd() ?? Data())
    }
}
