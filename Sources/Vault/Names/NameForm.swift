/// A form in which a name is stored on a file system that cannot hold the name itself: `%XX` stands for a byte.
///
/// A literal `%` is escaped only where it would be read as the start of an escape, so that most names stay as they are.
package struct NameForm: Hashable, Sendable {
    package enum Letters: Sendable {
        case plain
        /// The first letter is escaped: the stored name then differs from one that differs in case.
        case firstEscaped
        /// All letters are escaped: the stored name then differs from all that differ in case.
        case allEscaped
    }

    /// Whether FAT, exFAT and NTFS can hold the result, and Windows can use it.
    package var isPortable = true
    /// Whether all bytes that are not ASCII are escaped, for a mount that cannot store them.
    package var isASCII = false
    package var letters = Letters.plain

    /// The name itself.
    package static let plain = NameForm(isPortable: false)
    package static let portable = NameForm()

    /// All forms that a name may have been stored in, on this disk or on one that it was copied from.
    package static let all = [
        plain, portable, NameForm(isASCII: true), NameForm(letters: .firstEscaped),
        NameForm(isASCII: true, letters: .firstEscaped), NameForm(isASCII: true, letters: .allEscaped),
    ]

    /// Writes a name in this form.
    ///
    /// - Parameter isDirectory: whether the stored name ends where `name` ends; a file's has a suffix.
    package func escaped(_ name: [UInt8], isDirectory: Bool) -> [UInt8] {
        var escapesLetters = letters != .plain || isPortable && NameForm.isDevice(name)
        if !escapesLetters, NameForm.isOrdinary(name) { return name }
        var written: [UInt8] = []
        for character in NameForm.characters(of: name, isDirectory: isDirectory) {
            let bytes = name[character.place]
            if mustEscape(character, escapesLetters: escapesLetters) != nil {
                for byte in bytes { written += NameForm.escape(of: byte) }
            } else {
                written += bytes
            }
            if character.isLetter, letters != .allEscaped { escapesLetters = false }
        }
        return written
    }

    /// The reason to escape a character in this form; nil when it is written as it is.
    private func mustEscape(_ character: Character, escapesLetters: Bool) -> Reason? {
        if character.isLetter && escapesLetters { return .letter }
        if character.isEscape { return .looksEscaped }
        if isASCII && !character.isASCII { return .notASCII }
        guard isPortable else { return nil }
        if !character.isValid { return .notUTF8 }
        if NameForm.isForbidden(character.first) { return .forbidden }
        if character.endsStoredName && NameForm.isStripped(character.first) { return .stripped }
        return nil
    }

    /// Reads a name that was written in any form; a name that no form would write like this is returned as it is.
    package static func unescaped(_ written: [UInt8], isDirectory: Bool) -> [UInt8] {
        guard written.contains(percent) else { return written }
        var name: [UInt8] = []
        var index = 0
        while index < written.count {
            if let byte = escapedByte(in: written, at: index, isDirectory: isDirectory) {
                name.append(byte)
                index += 3
            } else {
                name.append(written[index])
                index += 1
            }
        }
        // No path can contain these two names.
        guard !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) else { return written }
        return all.contains { $0.escaped(name, isDirectory: isDirectory) == written } ? name : written
    }
}
