private import CLinux
internal import Foundation

/// What the listener gives a session process to begin with, through an anonymous file in memory.
struct SessionParameters: Codable {
    let configurationFile: String
    let configurationText: String
    /// The listener's process: a session that has lost it already ends.
    let listener: Int32
    let peer: String
    let logLevel: String
    /// Milliseconds to wait before a failed login is answered: it grows with the failures of the peer's address.
    let failureDelay: Int

    /// The descriptors of a session process, beyond the three that every process has.
    enum Descriptor {
        static let socket: Int32 = 3
        static let events: Int32 = 4
        static let order: Int32 = 5
    }

    /// Writes the order to a file in memory.
    ///
    /// - Returns: its descriptor, at the start of the text, the caller's to close; nil when there is no memory.
    func written() -> Int32? {
        let descriptor = linux_memfd_create("order")
        guard descriptor >= 0 else { return nil }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        guard let text = try? JSONEncoder().encode(self), (try? file.write(contentsOf: text)) != nil,
            lseek(descriptor, 0, SEEK_SET) == 0
        else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    /// Reads the order that this process was started with.
    static func read() throws -> SessionParameters {
        let file = FileHandle(fileDescriptor: Descriptor.order, closeOnDealloc: true)
        return try JSONDecoder().decode(SessionParameters.self, from: file.readToEnd() ?? Data())
    }
}
