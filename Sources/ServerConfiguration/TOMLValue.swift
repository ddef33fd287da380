/// A value of TOML, as far as one has to know where it ends and how a text is written.
package enum TOMLValue {
    /// Where the value ends that begins at `start`; nil for one that does not end.
    static func end(in bytes: [UInt8], from start: Int) -> Int? {
        var place = start
        var depth = 0
        while place < bytes.count {
            switch bytes[place] {
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                guard let end = stringEnd(in: bytes, from: place) else { return nil }
                place = end
                if depth == 0 { return place }
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                place += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth -= 1
                place += 1
                if depth <= 0 { return place }
            case UInt8(ascii: "#") where depth > 0:
                while place < bytes.count, bytes[place] != UInt8(ascii: "\n") { place += 1 }
            case 0...UInt8(ascii: " ") where depth == 0, UInt8(ascii: "#"): return place
            default: place += 1
            }
        }
        return depth == 0 ? place : nil
    }

    private static func stringEnd(in bytes: [UInt8], from start: Int) -> Int? {
        let quote = bytes[start]
        let isLong = bytes[start...].prefix(3).elementsEqual([quote, quote, quote])
        let closing = [UInt8](repeating: quote, count: isLong ? 3 : 1)
        var place = start + closing.count
        while place < bytes.count {
            if bytes[place] == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                place += 2
            } else if bytes[place...].starts(with: closing) {
                return place + closing.count
            } else if bytes[place] == UInt8(ascii: "\n"), !isLong {
                return nil
            } else {
                place += 1
            }
        }
        return nil
    }

    /// A text as a basic string of TOML.
    package static func string(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                "\\u" + String(repeating: "0", count: scalar.value < 0x10 ? 3 : 2) + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}
