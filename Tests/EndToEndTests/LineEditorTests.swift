import Testing
import cryptsftp

/// What the keys do to a passphrase that is typed.
struct LineEditorTests {
    /// Types keys into an editor.
    ///
    /// - Returns: the line, and what followed from the last key.
    private func type(_ keys: [UInt8], capacity: Int = 16) -> (line: [UInt8], last: LineEditor.Step?) {
        var bytes = [UInt8](repeating: 0xff, count: capacity)
        var last: LineEditor.Step?
        var count = 0
        bytes.withUnsafeMutableBytes { buffer in
            var editor = LineEditor(buffer)
            for key in keys { last = editor.take(key) }
            count = editor.count
        }
        return (Array(bytes.prefix(count)), last)
    }

    private func line(_ keys: String) -> String { String(decoding: type(Array(keys.utf8)).line, as: UTF8.self) }

    @Test(arguments: ["\u{7f}", "\u{8}"]) func backspaceRemovesACharacter(key: String) {
        #expect(line("ab\(key)c") == "ac")
        #expect(line("aä\(key)") == "a")
        #expect(line("aä\(key)\(key)b") == "b")
        #expect(line("a€\(key)") == "a")
        #expect(line("a😀\(key)") == "a")
        #expect(line("\(key)\(key)a") == "a")
    }

    /// A keyboard with another character set.
    @Test func backspaceRemovesAByteThatIsNotUTF8() {
        #expect(type([0x61, 0xe4, 0x7f]).line == [0x61])
        #expect(type([0x61, 0x80, 0x7f]).line == [0x61])
        #expect(type([0xc3, 0xa4, 0xa4, 0x7f]).line == [0xc3, 0xa4])
        #expect(type([0x80, 0x80, 0x80, 0x80, 0x80, 0x7f]).line == [0x80, 0x80, 0x80, 0x80])
        #expect(type([0xff, 0xa4, 0x7f]).line == [0xff])
        #expect(type([0xa4, 0x7f, 0x7f]).line == [])
    }

    @Test func controlUClears() {
        #expect(line("some ä\u{15}other") == "other")
    }

    @Test func keysThatEndTheLine() {
        for (key, step) in [
            (10, .done), (13, .done), (3, .interrupted), (4, .interrupted), (0, .nul), (0x61, .more),
        ] as [(UInt8, LineEditor.Step)] {
            #expect(type([0x62, key]).last == step)
        }
        #expect(type([0x62, 10]).line == [0x62])
    }

    @Test func aFullBufferIsNoticed() {
        for keys in ["abcd", "abcde"] {
            let typed = type(Array(keys.utf8), capacity: 4)
            #expect(typed.line == Array("abcd".utf8) && typed.last == .full)
        }
        #expect(type(Array("abc".utf8), capacity: 4).last == .more)
        #expect(type([0x61], capacity: 0).last == .full)
    }
}
