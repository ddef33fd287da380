/// A path as the client sees it: absolute, normalised, and never above the root.
///
/// Names are octets, kept as they came: no encoding is assumed and none is changed.
package struct VirtualPath: Hashable, Sendable {
    /// The names from the root down; empty for the root itself.
    package let components: [[UInt8]]

    package static let root = VirtualPath(components: [])

    private init(components: [[UInt8]]) {
        self.components = components
    }

    /// Normalises what a client sent: relative paths start at the root, `.` and doubled slashes vanish, `..` goes up and
    /// stops at the root.
    ///
    /// - Throws: ``FileSystemError/badMessage(_:)`` for a NUL, ``FileSystemError/failure(_:)`` for a name or a path over
    ///   its limit.
    package init(parsing path: some Collection<UInt8>) throws(FileSystemError) {
        guard !path.contains(0) else { throw .badMessage("a name must not contain a NUL octet") }
        guard path.count <= Limits.pathLength else {
            throw .failure("the path is longer than \(Limits.pathLength) octets")
        }
        var components: [[UInt8]] = []
        for name in path.split(separator: UInt8(ascii: "/")) {
            if name.elementsEqual(".".utf8) { continue }
            if name.elementsEqual("..".utf8) {
                _ = components.popLast()
                continue
            }
            guard name.count <= Limits.nameLength else {
                throw .failure("the name is longer than \(Limits.nameLength) octets")
            }
            components.append(Array(name))
        }
        self.components = components
    }

    package var isRoot: Bool { components.isEmpty }

    /// The last name, or nil for the root.
    package var name: [UInt8]? { components.last }

    /// The folder that holds this path; the root's is the root.
    package var parent: VirtualPath { VirtualPath(components: components.dropLast()) }

    /// The path of `name` in this folder.
    ///
    /// - Parameter name: one name of a listing, without a slash.
    package func appending(_ name: [UInt8]) -> VirtualPath { VirtualPath(components: components + [name]) }

    /// Whether this path lies below `folder`.
    package func isBelow(_ folder: VirtualPath) -> Bool {
        components.count > folder.components.count && components.starts(with: folder.components)
    }

    /// This path after its leading `folder` became `newFolder`; `folder` must be this path or above it.
    package func moved(from folder: VirtualPath, to newFolder: VirtualPath) -> VirtualPath {
        VirtualPath(components: newFolder.components + components.dropFirst(folder.components.count))
    }

    /// The path as octets, from `/`.
    package var bytes: [UInt8] {
        isRoot ? [UInt8(ascii: "/")] : components.flatMap { [UInt8(ascii: "/")] + $0 }
    }
}

extension VirtualPath: CustomStringConvertible {
    /// For logs: octets that are not UTF-8 are replaced, control characters escaped.
    package var description: String {
        String(decoding: bytes, as: UTF8.self).unicodeScalars.reduce(into: "") { text, scalar in
            text += scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
        }
    }
}
