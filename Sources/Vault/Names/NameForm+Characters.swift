/// The bytes and characters of names.
extension NameForm {
    /// Why a character is escaped.
    enum Reason {
        /// A letter that ``NameForm/letters`` escapes, or the first letter of the name of a device of Windows.
        case letter
        /// A literal `%` that would be read as the start of an escape.
        case looksEscaped
        case notASCII
        case notUTF8
        /// FAT, exFAT or NTFS refuse it.
        case forbidden
        /// Windows removes it from the end of a name.
        case stripped
    }

    /// A character of a name, or a byte that belongs to none.
    struct Character {
        let place: Range<Int>
        let first: UInt8
        /// Whether the bytes are valid UTF-8.
        let isValid: Bool
        /// Whether this is a `%` with two digits that an escape could have.
        let isEscape: Bool
        /// Whether the stored name ends with this character.
        let endsStoredName: Bool

        var isASCII: Bool { first < 0x80 }
        /// Whether this is a letter, or any character that is not ASCII: those may have two cases.
        var isLetter: Bool { isValid && (!isASCII || NameForm.isLetter(first)) }
    }

    static func characters(of name: [UInt8], isDirectory: Bool) -> [Character] {
        var characters: [Character] = []
        characters.reserveCapacity(name.count)
        forEachScalar(of: name) { place, isValid in
            let start = place.lowerBound
            characters.append(
                Character(
                    place: place, first: name[start], isValid: isValid,
                    isEscape: escapedByte(in: name, at: start, isDirectory: isDirectory) != nil,
                    endsStoredName: isDirectory && place.upperBound == name.count))
        }
        return characters
    }

    /// Calls `body` for each Unicode scalar, and for each sequence of bytes that is none.
    private static func forEachScalar(of name: [UInt8], _ body: (_ place: Range<Int>, _ isValid: Bool) -> Void) {
        var parser = Unicode.UTF8.ForwardParser()
        var bytes = name.makeIterator()
        var start = 0
        while true {
            let length: Int
            var isValid = false
            switch parser.parseScalar(from: &bytes) {
            case .emptyInput: return
            case .error(let count): length = count
            case .valid(let encoded):
                length = encoded.count
                isValid = true
            }
            body(start..<start + length, isValid)
            start += length
        }
    }

    package static func isUTF8(_ name: [UInt8]) -> Bool { String(validating: name, as: UTF8.self) != nil }

    static let percent = UInt8(ascii: "%")
    private static let digits = Array("0123456789ABCDEF".utf8)
    private static let forbidden = Set("\\:*?\"<>|\u{7f}".utf8)

    static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    /// Whether FAT, exFAT or NTFS refuse the byte in a name.
    static func isForbidden(_ byte: UInt8) -> Bool { byte < 0x20 || forbidden.contains(byte) }

    /// Whether Windows removes the byte from the end of a name.
    static func isStripped(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ".") || byte == UInt8(ascii: " ")
    }

    /// Whether a name, like most, has no byte that a form could escape, other than letters.
    static func isOrdinary(_ name: [UInt8]) -> Bool {
        guard name.last != UInt8(ascii: ".") else { return false }
        return name.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }

    static func escape(of byte: UInt8) -> [UInt8] {
        [percent, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }

    /// The byte that an escape at `index` stands for; nil when there is no escape.
    static func escapedByte(in name: [UInt8], at index: Int, isDirectory: Bool) -> UInt8? {
        guard name[index] == percent, index + 2 < name.count, let high = digits.firstIndex(of: name[index + 1]),
            let low = digits.firstIndex(of: name[index + 2])
        else { return nil }
        let byte = UInt8(high << 4 | low)
        if isStripped(byte) { return isDirectory && index + 3 == name.count ? byte : nil }
        let isEverEscaped = byte >= 0x80 || byte == percent || isLetter(byte) || isForbidden(byte)
        return isEverEscaped && byte != 0 ? byte : nil
    }
}
