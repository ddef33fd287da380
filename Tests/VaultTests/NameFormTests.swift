import TestSupport
import Testing
import Vault

/// The escaped forms of names that a file system cannot hold.
@Suite struct NameFormTests {
    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// A name that is made of pieces which look like escapes.
    private static func randomName(_ numbers: inout SeededNumbers) -> [UInt8] {
        let pieces = [
            "%", "%", "%2", "%25", "%3A", "%3a", "%20", "%2E", "%41", "%61", "%80", "%C3", "%00", "%2F", ".", "..", " ",
            "a", "A", "CON", "con", "nul", "LPT1", "COM¹", ":", "*", "?", "\"", "<", ">", "|", "\\", "\u{1}", "\u{7f}",
            "é", "É", "😀", "4", "1", "E", "%E2%82%AC", "readme", "README",
        ].map(bytes)
        while true {
            var name: [UInt8] = []
            for _ in 0..<Int.random(in: 1...6, using: &numbers) {
                if Int.random(in: 0..<5, using: &numbers) == 0 {
                    name.append(UInt8.random(in: 1...255, using: &numbers))
                } else {
                    name += pieces.randomElement(using: &numbers) ?? []
                }
            }
            name.removeAll { $0 == UInt8(ascii: "/") }
            if !name.isEmpty, name != bytes("."), name != bytes("..") { return name }
        }
    }

    @Test(arguments: [false, true]) func everyFormReadsBackAsTheName(isDirectory: Bool) {
        var numbers = SeededNumbers(for: "everyFormReadsBackAsTheName")
        var names: [[UInt8]: [UInt8]] = [:]
        for _ in 0..<4_000 {
            let name = Self.randomName(&numbers)
            for form in NameForm.all {
                let written = form.escaped(name, isDirectory: isDirectory)
                let read = NameForm.unescaped(written, isDirectory: isDirectory)
                #expect(read == name, "\(name) as \(form), written \(Self.text(written))")
                // Injective: two names have no escaped form in common.
                #expect(names.updateValue(name, forKey: written) ?? name == name, "\(Self.text(written))")
                #expect(form.escaped(read, isDirectory: isDirectory) == written)
            }
        }
    }

    /// A stored name, whoever has given it, stands for a virtual name under which it is found.
    @Test(arguments: [StoredName.Kind.file, .partial, .directory]) func whateverIsThereIsFoundUnderItsName(
        kind: StoredName.Kind
    ) {
        var numbers = SeededNumbers(for: "whateverIsThereIsFoundUnderItsName")
        for _ in 0..<4_000 {
            let there = Self.randomName(&numbers)
            let name = NameForm.unescaped(there, isDirectory: kind == .directory)
            #expect(name != Self.bytes(".") && name != Self.bytes(".."))
            #expect(!name.contains(0) && !name.contains(UInt8(ascii: "/")))
            let suffix = StoredName.stored([], kind)
            #expect(StoredName.candidates(name, kind).contains(there + suffix), "\(there) is \(name)")
        }
    }

    @Test(arguments: [false, true]) func whatIsPortableIsSo(isDirectory: Bool) {
        var numbers = SeededNumbers(for: "whatIsPortableIsSo")
        let devices = Set(["CON", "PRN", "AUX", "NUL", "COM1", "LPT1", "COM9", "LPT9", "COM¹"])
        for _ in 0..<4_000 {
            let name = Self.randomName(&numbers)
            for form in NameForm.all where form.isPortable {
                let written = form.escaped(name, isDirectory: isDirectory)
                let text = Self.text(written)
                #expect(Array(text.utf8) == written, "UTF-8")
                #expect(
                    !text.unicodeScalars.contains { $0.value < 32 || "\\:*?\"<>|\u{7f}".unicodeScalars.contains($0) })
                if isDirectory { #expect(!text.hasSuffix(".") && !text.hasSuffix(" "), "\(text)") }
                #expect(!devices.contains(text.prefix { $0 != "." }.uppercased()), "\(text)")
                if form.isASCII { #expect(written.allSatisfy { $0 < 128 }) }
                if form.letters == .allEscaped {
                    #expect(NameForm.unescaped(Self.bytes(text.uppercased()), isDirectory: isDirectory) == name)
                }
            }
        }
    }

    @Test(arguments: [
        ("100%", "100%"), ("a%20b", "a%20b"), ("a%20", "a%20"), ("a%3Ab", "a%253Ab"), ("a%3ab", "a%3ab"),
        ("%25", "%2525"), ("a:b", "a:b"), ("a.", "a."), ("CON", "CON"), ("50%41", "50%2541"), ("%00", "%00"),
        ("%2F", "%2F"), ("%", "%"), ("%%3A", "%%253A"), ("grün", "grün"),
    ])
    func onAnOrdinaryDiskOnlyAnEscapeIsEscaped(name: String, written: String) {
        #expect(Self.text(NameForm.plain.escaped(Self.bytes(name), isDirectory: false)) == written)
    }

    @Test(arguments: [
        ("a:b", "a%3Ab"), ("\\:*?\"<>|", "%5C%3A%2A%3F%22%3C%3E%7C"), ("tab\there", "tab%09here"), ("\u{7f}", "%7F"),
        ("CON", "%43ON"), ("con.txt", "%63on.txt"), ("Lpt9", "%4Cpt9"), ("console", "console"), ("COM0", "COM0"),
        ("nul .x", "%6Eul .x"), ("aux.gpg", "%61ux.gpg"), ("grün", "grün"), ("a.", "a."), ("a ", "a "),
        ("100%", "100%"), (" a", " a"), (".a", ".a"),
    ])
    func aPortableFileNameHasOnlyWhatItNeeds(name: String, written: String) {
        #expect(Self.text(NameForm.portable.escaped(Self.bytes(name), isDirectory: false)) == written)
    }

    @Test(arguments: [
        ("a.", "a%2E"), ("a ", "a%20"), ("a...", "a..%2E"), ("...", "..%2E"), ("a. ", "a.%20"), ("a%20", "a%2520"),
        ("a%2E", "a%252E"), ("a%20b", "a%20b"), ("a.b", "a.b"),
    ])
    func aDirectoriesEndIsItsNamesEnd(name: String, written: String) {
        #expect(Self.text(NameForm.portable.escaped(Self.bytes(name), isDirectory: true)) == written)
    }

    @Test func whatIsNotUTF8IsEscapedByteByByte() {
        for (name, written) in [
            ([0x61, 0xff, 0x62], "a%FFb"), ([0xc3], "%C3"), ([0xed, 0xa0, 0x80], "%ED%A0%80"),
            ([0xc0, 0x80], "%C0%80"),
            ([0xc3, 0xa9, 0xa9], "é%A9"),
        ] as [([UInt8], String)] {
            #expect(Self.text(NameForm.portable.escaped(name, isDirectory: false)) == written)
        }
    }

    @Test func namesThatDifferInCaseAreToldApart() {
        var first = NameForm.portable
        first.letters = .firstEscaped
        #expect(Self.text(first.escaped(Self.bytes("readme"), isDirectory: false)) == "%72eadme")
        #expect(Self.text(first.escaped(Self.bytes("1. Éa"), isDirectory: false)) == "1. %C3%89a")
    }

    /// An escape that no form would write is not one.
    @Test(arguments: ["%2E", ".%2E", "%2F", "a%00b", "%", "%4", "a%62c", "%7a"])
    func whatNoFormWritesStandsForItself(name: String) {
        #expect(Self.text(NameForm.unescaped(Self.bytes(name), isDirectory: true)) == name)
    }
}
