/// A way to write a name on a disk whose file system cannot hold it as it is: `%XX` stands for a byte.
///
/// A literal `%` is escaped only where it would be taken for the start of an escape, so that most names stay as they
/// are.
package struct NameForm: Hashable, Sendable {
    package enum Letters: Sendable {
        case plain
        /// The first is escaped: tells a name from one that differs in case.
        case firstEscaped
        /// All are escaped: tells a name from all that differ in case.
        case allEscaped
    }

    /// Whether FAT, exFAT and NTFS can hold the result, and Windows can use it.
    package var isPortable = true
    /// Whether all that is not ASCII is escaped, for a mount that cannot do better.
    package var isASCII = false
    package var letters = Letters.plain

    /// A name as it is.
    package static let plain = NameForm(isPortable: false)
    package static let portable = NameForm()

    /// All forms that a name may have been stored in, on this disk or on one that it was copied from.
    package static let all = [
        plain, portable, NameForm(isASCII: true), NameForm(letters: .firstEscaped),
        NameForm(isASCII: true, letters: .firstEscaped), NameForm(isASCII: true, letters: .allEscaped),
    ]

    /// The name as it is written in this form.
    ///
    /// - Parameter isDirectory: whether nothing is added to it, so that its end is the end of the stored name.
    package func escaped(_ name: [UInt8], isDirectory: Bool) -> [UInt8] {
        var written: [UInt8] = []
        var isLetterLeft = letters != .plain || isPortable && NameForm.isDevice(name)
        if NameForm.isOrdinary(name) {
            guard isLetterLeft else { return name }
            for byte in name {
                let isDemanded = isLetterLeft && NameForm.isLetter(byte)
                if isDemanded, letters != .allEscaped { isLetterLeft = false }
                written += isDemanded ? NameForm.escape(of: byte) : [byte]
            }
            return written
        }
        for (place, isValid) in NameForm.scalars(of: name) {
            let byte = name[place.lowerBound]
            let isLetter = isValid && (byte >= 0x80 || NameForm.isLetter(byte))
            let isDemanded =
                isLetter && isLetterLeft || byte >= 0x80 && (isASCII || isPortable && !isValid)
                || isPortable
                    && (NameForm.isForbidden(byte)
                        || isDirectory && place.upperBound == name.count && NameForm.isStripped(byte))
            if isLetter, letters != .allEscaped { isLetterLeft = false }
            if isDemanded || NameForm.escape(in: name, at: place.lowerBound, isDirectory) != nil {
                for byte in name[place] { written += NameForm.escape(of: byte) }
            } else {
                written += name[place]
            }
        }
        return written
    }

    /// The name that was written so; what no form would write like this stands for itself.
    package static func unescaped(_ written: [UInt8], isDirectory: Bool) -> [UInt8] {
        guard written.contains(percent) else { return written }
        var name: [UInt8] = []
        var index = 0
        while index < written.count {
            if let byte = escape(in: written, at: index, isDirectory) {
                name.append(byte)
                index += 3
            } else {
                name.append(written[index])
                index += 1
            }
        }
        // Two names that no path can have.
        guard !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) else { return written }
        return all.contains { $0.escaped(name, isDirectory: isDirectory) == written } ? name : written
    }
}

/// The bytes.
extension NameForm {
    private static let percent = UInt8(ascii: "%")
    private static let digits = Array("0123456789ABCDEF".utf8)
    private static let forbidden = Set("\\:*?\"<>|\u{7f}".utf8)

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    /// Whether FAT, exFAT or NTFS refuse it in a name.
    private static func isForbidden(_ byte: UInt8) -> Bool { byte < 0x20 || forbidden.contains(byte) }

    /// Whether a name has nothing that any form would escape, as most have; that of a device may be ordinary.
    private static func isOrdinary(_ name: [UInt8]) -> Bool {
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

    /// Whether Windows takes it from the end of a name.
    private static func isStripped(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ".") || byte == UInt8(ascii: " ")
    }

    private static func escape(of byte: UInt8) -> [UInt8] {
        [percent, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }

    /// The byte that an escape at `index` stands for; nil when there is none.
    private static func escape(in name: [UInt8], at index: Int, _ isDirectory: Bool) -> UInt8? {
        guard name[index] == percent, index + 2 < name.count, let high = digits.firstIndex(of: name[index + 1]),
            let low = digits.firstIndex(of: name[index + 2])
        else { return nil }
        let byte = UInt8(high << 4 | low)
        if isStripped(byte) { return isDirectory && index + 3 == name.count ? byte : nil }
        let isEverEscaped = byte >= 0x80 || byte == percent || isLetter(byte) || isForbidden(byte)
        return isEverEscaped && byte != 0 ? byte : nil
    }

    /// Where the characters of a name are, and each byte that belongs to none.
    private static func scalars(of name: [UInt8]) -> [(place: Range<Int>, isValid: Bool)] {
        var places: [(Range<Int>, Bool)] = []
        var parser = Unicode.UTF8.ForwardParser()
        var bytes = name.makeIterator()
        var start = 0
        while true {
            let length: Int
            var isValid = false
            switch parser.parseScalar(from: &bytes) {
            case .emptyInput: return places
            case .error(let count): length = count
            case .valid(let encoded):
                length = encoded.count
                isValid = true
            }
            places.append((start..<start + length, isValid))
            start += length
        }
    }

    package static func isUTF8(_ name: [UInt8]) -> Bool { scalars(of: name).allSatisfy(\.isValid) }

    /// Names of devices in every directory of Windows, whatever follows after a dot.
    ///
    /// Source: Microsoft, "Naming Files, Paths, and Namespaces".
    private static let devices: Set<String> = {
        let ports = ["COM", "LPT"].flatMap { port in "123456789¹²³".map { "\(port)\($0)" } }
        return Set(["CON", "PRN", "AUX", "NUL"] + ports)
    }()

    private static func isDevice(_ name: [UInt8]) -> Bool {
        var base = name.prefix { $0 != UInt8(ascii: ".") }
        while base.last == UInt8(ascii: " ") { base.removeLast() }
        // The shortest is "CON", the longest "COM¹".
        guard (3...5).contains(base.count) else { return false }
        return devices.contains(String(decoding: base, as: UTF8.self).uppercased())
    }
}

/// What is on a disk already.
extension NameForm {
    /// Why FAT, exFAT or Windows could not hold a name on a disk as it is; nil when they can.
    package static func obstacle(in stored: [UInt8]) -> String? {
        if stored.contains(where: { $0 < 0x20 || $0 == 0x7f }) { return "it has control characters" }
        if stored.contains(where: isForbidden) { return "it has one of \\ : * ? \" < > |" }
        if stored.last.map(isStripped) == true { return "it ends with a dot or a blank" }
        guard isUTF8(stored) else { return "it is not UTF-8" }
        return isDevice(stored) ? "Windows takes it for a device" : nil
    }

    /// What two names have in common that such a file system takes for one.
    package static func folded(_ stored: [UInt8]) -> [UInt8] {
        String(validating: stored, as: UTF8.self).map { Array($0.lowercased().utf8) } ?? stored
    }
}
