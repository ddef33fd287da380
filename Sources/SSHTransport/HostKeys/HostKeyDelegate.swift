private import CHostKey

/// Has the signatures of this process made elsewhere, by somebody who has the host keys.
///
/// libssh asks libcrypto for them with `EVP_DigestSign`. This program has a function of that name, which the dynamic
/// linker prefers, and which asks this object.
package final class HostKeyDelegate {
    /// Makes a signature of an exchange hash; nil when there is none.
    package typealias Sign = (_ exchangeHash: [UInt8], _ hashBits: Int) -> [UInt8]?

    fileprivate let sign: Sign
    /// Whether a signature has been asked for: if not, libssh has signed with something else.
    package fileprivate(set) var isUsed = false

    /// Prepares to ask `sign`.
    package init(_ sign: @escaping Sign) {
        self.sign = sign
    }

    /// From now on, and until the process ends, all signatures are made by this object, which must last as long.
    package func install() {
        host_key_delegate(signCallback, Unmanaged.passUnretained(self).toOpaque())
    }
}

private let signCallback: host_key_signer = { context, hashBits, data, count, signature, length in
    guard let context, let data, let signature, let length else { return 0 }
    let delegate = Unmanaged<HostKeyDelegate>.fromOpaque(context).takeUnretainedValue()
    delegate.isUsed = true
    let hash = Array(UnsafeBufferPointer(start: data, count: count))
    guard let made = delegate.sign(hash, Int(hashBits)), made.count <= length.pointee else { return 0 }
    signature.update(from: made, count: made.count)
    length.pointee = made.count
    return 1
}
