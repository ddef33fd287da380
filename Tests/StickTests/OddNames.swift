/// Names that some file system cannot hold, or holds otherwise, and such as look like escapes.
enum OddNames {
    static let all: [[UInt8]] =
        [
            "\\", ":", "a:b", "*", "?", "\"", "<", ">", "|", "tab\t", "line\nfeed", "\u{7f}", "a.", "a ", "a. .", "...",
            ". .", " a", ".a", "CON", "con.txt", "Aux.tar.gz", "LPT1", "COM¹", "nul", "100%", "a%20b", "a%3Ab",
            "a%253Ab",
            "%", "%41", "50%61", "%2E", ".%2E", "a%20", "x.gpg", "x.gpg.part", "x.part", "grün", "GRÜN", "日本語", "😀",
            "ſ", "\u{212a}",
            "README", "readme", "Readme", "ReadMe", "LONGNA~1.TXT", "long name with spaces.txt", "#$&'()+,;=@[]^_`{}~!",
        ].map { Array($0.utf8) }
        + [[0xff], [0x61, 0xc3], [0xed, 0xa0, 0x80], [0x80, 0x3a, 0x2e], [1], [0xef, 0xbf, 0xbf]]

    /// A path of names below `directory`.
    static func path(_ names: [UInt8]...) -> [UInt8] { names.flatMap { [UInt8(ascii: "/")] + $0 } }
}
