/// A running hash, made by ``FileSystem/digest(named:)``.
package protocol Digest: AnyObject {
    /// Takes the next bytes.
    func update(_ bytes: UnsafeRawBufferPointer)

    /// Ends the hash and returns it; ``update(_:)`` must not be called again.
    func finish() -> [UInt8]
}

extension Digest {
    func update(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { update($0) }
    }
}
