internal import Foundation
package import OpenPGP
private import Platform

/// One file of `private-keys-v1.d`: a secret key as gpg-agent keeps it.
///
/// Source: gnupg `agent/keyformat.txt`.
package struct SecretKeyFile {
    /// How the secret is kept.
    package enum Protection: Sendable {
        case passphrase
        case unprotected
        /// The file has no secret: it names the card that has it.
        case onCard
    }

    let url: URL

    /// - Parameters:
    ///   - keygrip: the key's name in GnuPG: 40 hexadecimal digits.
    ///   - directory: a GnuPG home or a user's key directory.
    init(_ keygrip: String, in directory: URL) {
        url = directory.appending(path: KeyDirectory.secretKeys).appending(path: "\(keygrip).key")
    }

    /// Nil when there is no such file, or it is not a regular one.
    var contents: Data? { (try? RegularFile.read(url.path)).map { Data($0) } }

    /// Nil when there is no such file.
    var protection: Protection? { contents.map { Protection(ofFile: Array($0)) } }

    /// Whether the secret is in the file.
    var isUsable: Bool { protection == .passphrase || protection == .unprotected }

    static let unreadable = OpenPGPError(
        .engine, "gpg has written the key so that nothing opens it, which happens, but seldom: try again")
}

extension OpenPGPError {
    /// The user's key directory has a secret key that needs no passphrase, where one that needs it is expected.
    package static let unprotectedKey = OpenPGPError(
        .key,
        "a secret key in the user's key directory is not protected by a passphrase: cryptsftp stores none like that, "
            + "so somebody else has put it there; 'cryptsftp key import' takes a key of your own and protects it")
}

extension SecretKeyFile.Protection {
    /// Reads how a key file protects its secret.
    ///
    /// A file is an S-expression in canonical form, or text with the expression behind `Key:`. What it begins with says
    /// how gpg-agent reads it. Words further inside, such as in a comment, say nothing.
    ///
    /// Source: gnupg `agent/protect.c`, `agent_private_key_type`, and `common/name-value.c`.
    package init(ofFile bytes: [UInt8]) {
        let expression = bytes.first == UInt8(ascii: "(") ? bytes[...] : Self.keyLine(bytes)
        switch Self.firstWord(expression) {
        case "shadowed-private-key": self = .onCard
        case "protected-private-key":
            // Keys of other programs may say that they have no protection.
            let text = Data(expression)
            let isOpen = ["10:protection4:none", "protection none"].contains { text.range(of: Data($0.utf8)) != nil }
            self = isOpen ? .unprotected : .passphrase
        default: self = .unprotected
        }
    }

    /// What follows the first `Key:` that a line begins with, in any case; empty when there is none.
    private static func keyLine(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        let name = Array("key:".utf8)
        var rest = bytes[...]
        while !rest.isEmpty {
            if rest.prefix(name.count).map({ $0 | 0x20 }).elementsEqual(name) { return rest.dropFirst(name.count) }
            rest = rest.drop { $0 != UInt8(ascii: "\n") }.dropFirst()
        }
        return rest
    }

    /// The first word of an expression, in its canonical (`21:word`) or its readable form.
    private static func firstWord(_ expression: ArraySlice<UInt8>) -> String {
        let isBlank = { (byte: UInt8) in byte <= UInt8(ascii: " ") }
        let list = expression.drop(while: isBlank)
        guard list.first == UInt8(ascii: "(") else { return "" }
        let inner = list.dropFirst().drop(while: isBlank)
        let digits = inner.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let word =
            digits.isEmpty || inner.dropFirst(digits.count).first != UInt8(ascii: ":")
            ? inner.prefix { !isBlank($0) && $0 != UInt8(ascii: "(") && $0 != UInt8(ascii: ")") }
            : inner.dropFirst(digits.count + 1).prefix(Int(String(decoding: digits, as: UTF8.self)) ?? 0)
        return String(decoding: word, as: UTF8.self)
    }
}
