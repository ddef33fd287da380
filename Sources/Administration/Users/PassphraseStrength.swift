package import Secrets

/// A rough guess of how long a passphrase resists, for a warning: only the obviously weak ones are meant to be found.
package enum PassphraseStrength {
    /// Bits below which a passphrase is called weak.
    ///
    /// Five random words of a list of 7776 have 64.
    private static let enough = 50.0

    /// Guesses that come first in every list, with their bits set to none.
    private static let common = ["password", "passwort", "qwerty", "letmein", "secret", "12345", "abc123", "iloveyou"]

    /// Whether somebody who tries likely passphrases first would soon have this one.
    package static func isWeak(_ passphrase: SecretBytes) -> Bool {
        passphrase.withUnsafeBytes { bits($0) } < enough
    }

    /// Counts characters that are no repetition or continuation of the one before, by the size of their alphabets.
    private static func bits(_ bytes: UnsafeRawBufferPointer) -> Double {
        var surprising = 0
        var classes = Set<Int>()
        for (index, byte) in bytes.enumerated() {
            classes.insert(alphabet(byte))
            let step = index == 0 ? 99 : abs(Int(byte) - Int(bytes[index - 1]))
            if step > 1 { surprising += 1 }
        }
        let known = common.filter { contains(bytes, $0) }.map(\.utf8.count).max() ?? 0
        let perCharacter = classes.reduce(0, +)
        // A letter within words is worth some two bits less than a random one.
        let letterBits = max(1.5, Double(perCharacter.bitWidth - perCharacter.leadingZeroBitCount) - 2)
        return Double(max(0, surprising - known)) * letterBits
    }

    private static func alphabet(_ byte: UInt8) -> Int {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): 26
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): 27
        case UInt8(ascii: "0")...UInt8(ascii: "9"): 10
        default: 32
        }
    }

    private static func contains(_ bytes: UnsafeRawBufferPointer, _ word: String) -> Bool {
        let word = Array(word.utf8)
        guard bytes.count >= word.count else { return false }
        return (0...bytes.count - word.count).contains { start in
            (0..<word.count).allSatisfy { bytes[start + $0] | 0x20 == word[$0] | 0x20 }
        }
    }
}
