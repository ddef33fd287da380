/// A path as the client sees it: absolute, normalized, and never above the root.
///
/// Names are bytes and stay as the client sent them: no encoding is assumed.
package struct VirtualPath: Hashable, Sendable {
    /// The names from the root down; empty for the root itself.
    package let components: [[UInt8]]

    package static let root = VirtualPath(components: [])

    private init(components: [[UInt8]]) {
        self.components = components
    }

    /// Normalizes what a client sent: relative paths start at the root, `.` and empty names are dropped, `..` goes up
    /// and stops at the root.
    ///
    /// - Throws: ``FileSystemError/badMessage(_:)`` for a NUL, ``FileSystemError/failure(_:)`` for a name or a path
    ///   over its limit.
    package init(parsing path: some Collection<UInt8>) throws(FileSystemError) {
        guard !path.contains(0) else { throw .badMessage("a name must not contain a NUL byte") }
        guard path.count <= Limits.pathLength else {
            throw .failure("the path is longer than \(Limits.pathLength) bytes")
        }
        var components: [[UInt8]] = []
        for name in path.split(separator: UInt8(ascii: "/")) {
            if name.elementsEqual(".".utf8) { continue }
            if name.elementsEqual("..".utf8) {
                _ = components.popLast()
                continue
            }
            guard name.count <= Limits.nameLength else {
                throw .failure("the name is longer than \(Limits.nameLength) bytes")
            }
            components.append(Array(name))
        }
        self.components = components
    }

    package var isRoot: Bool { components.isEmpty }

    /// The last name, or nil for the root.
    package var name: [UInt8]? { components.last }

    /// The directory that holds this path; the root's is the root.
    package var parent: VirtualPath { VirtualPath(components: components.dropLast()) }

    /// The path of `name` in this directory.
    ///
    /// - Parameter name: one name of a listing, without a slash.
    package func appending(_ name: [UInt8]) -> VirtualPath { VirtualPath(components: components + [name]) }

    /// Whether this path lies below `directory`.
    package func isBelow(_ directory: VirtualPath) -> Bool {
        components.count > directory.components.count && components.starts(with: directory.components)
    }

    /// This path after its leading `directory` became `newDirectory`; `directory` must be this path or above it.
    package func moved(from directory: VirtualPath, to newDirectory: VirtualPath) -> VirtualPath {
        VirtualPath(components: newDirectory.components + components.dropFirst(directory.components.count))
    }

    /// The path as bytes; it begins with `/`.
    package var bytes: [UInt8] {
        isRoot ? [UInt8(ascii: "/")] : components.flatMap { [UInt8(ascii: "/")] + $0 }
    }
}

extension VirtualPath {
    /// Reads a path field of a request.
    init(from reader: inout PacketReader) throws(FileSystemError) {
        self = try VirtualPath(parsing: reader.string())
    }
}

extension VirtualPath: CustomStringConvertible {
    /// The path for people, as ``PrintableText``.
    package var description: String { PrintableText.escaped(text) }

    /// The path for programs: only bytes that are not UTF-8 are replaced.
    package var text: String { String(decoding: bytes, as: UTF8.self) }
}
