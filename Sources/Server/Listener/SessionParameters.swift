private import CLinux
internal import Foundation
internal import Platform
internal import ServerConfiguration

/// Startup parameters of a session process, passed through a memfd.
///
/// The C function is `memfd_create`.
struct SessionParameters: Codable {
    let configurationFile: String
    /// The configuration as the listener has read it, so that all sessions see the same.
    let configurationText: String
    /// The listener's process: a session whose parent is another one ends at once.
    let listener: Int32
    /// The client's address.
    let peer: String
    let logLevel: String
    /// What this machine remembers of the vault; nil if it was not told to trust it.
    let known: KnownVault?
    /// The key of the hashes of passwords that tell visits apart: random, and of this listener alone.
    let visitKey: [UInt8]

    /// The descriptors of a session process, beyond the three that every process has.
    enum Descriptor {
        static let socket: Int32 = 3
        /// The socket of a ``ListenerLink``.
        static let link: Int32 = 4
        static let parameters: Int32 = 5
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
