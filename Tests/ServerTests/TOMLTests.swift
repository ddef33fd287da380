import ServerConfiguration
import Testing

/// The part of TOML that server.conf uses: what it reads, what it refuses, and where.
@Suite struct TOMLTests {
    private func error(_ text: String) -> TOMLError? {
        do throws(TOMLError) {
            _ = try TOMLDocument(text)
            return nil
        } catch {
            return error
        }
    }

    private static let values: [(String, TOMLValue)] = [
        (#""""#, .string("")), (#""a # b""#, .string("a # b")), ("'a \\ \" b'", .string("a \\ \" b")),
        (#""\b\t\n\f\r\"\\""#, .string("\u{8}\t\n\u{c}\r\"\\")), (#""\u00e4\U0001F600""#, .string("ä😀")),
        ("\"ä\tb\"", .string("ä\tb")), ("''", .string("")), ("0", .integer(0)), ("-0", .integer(0)),
        ("+1_000", .integer(1000)), ("-17", .integer(-17)), ("9223372036854775807", .integer(.max)),
        ("true", .boolean(true)), ("false", .boolean(false)), ("[]", .strings([])),
        ("[ \"a\", 'b' ]", .strings(["a", "b"])), ("[ # one\n\"a\" # two\n, # three\n\n'b',]", .strings(["a", "b"])),
        ("[\r\n\"a\",\r\n]", .strings(["a"])),
    ]

    @Test(arguments: values) func readsValues(_ text: String, _ value: TOMLValue) throws {
        for line in ["x = \(text)", "x=\(text)#y", "\u{feff}\t\"x\" =\t\(text) # y\r\n", "'x' = \(text)\n\n"] {
            #expect(try TOMLDocument(line).root.setting("x")?.value == value, "\(line)")
        }
        #expect(try TOMLDocument("x = \(value.text)").root.setting("x")?.value == value)
    }

    @Test(arguments: [
        "", "a", "True", "1979-05-27", "12:30:00", "1.5", "1e3", "nan", "0x10", "0b1", "01", "_1", "1_", "1__0", "+",
        "9223372036854775808", "\"a", "\"a'", "'a", "\"a\nb\"", "\"\"\"a\"\"\"", "'''a'''", "\"\\e\"", "\"\\u12\"",
        "\"\\u00g0\"", "\"\\u+123\"", "\"\\ud800\"", "\"\\U00110000\"", "\"\u{0}\"", "\"\u{7f}\"", "\"\\", "\"\\u",
        "[", "[\"a\"", "[\"a\" \"b\"]", "[,]", "[\"a\",,]", "[1]", "[true]", "[[\"a\"]]", "[}", "{}", "{ y = 1 }", "=",
        ",", "]", "\"a\" \"b\"", "1 2", "[] []", "ä", "# y", "1 \u{b}", "1 \rx", "1 # \u{1}", "1 # \r2",
    ])
    func refusesValues(_ text: String) {
        #expect(error("\n# comment\nx = \(text)") != nil)
        #expect(error("\n# comment\nx = \(text)\ny = 1") != nil)
    }

    @Test func readsTables() throws {
        let document = try TOMLDocument(
            "\u{feff}a = 1\n[ b ] # b\na = 2\n\n[[ \"c\" ]]\r\n'a b' = 3\r\n[[c]]\na = 4\n[d]\n\ta-_9 = 5")
        #expect(document.root.settings.map(\.key) == ["a"])
        #expect(document.tables.map(\.name) == ["b", "c", "c", "d"])
        #expect(document.tables.map(\.isElement) == [false, true, true, false])
        #expect(document.tables.flatMap(\.settings).map(\.value) == [2, 3, 4, 5].map { .integer($0) })
        #expect(document.tables.flatMap(\.settings).map(\.key) == ["a", "a b", "a", "a-_9"])
        #expect(try TOMLDocument("").tables.isEmpty)
        #expect(try TOMLDocument("# only a comment").root.settings.isEmpty)
    }

    @Test(arguments: [
        ("a = 1\na = 2", 2), ("a = 1\n\"a\" = 1", 2), ("[t]\na = 1\n\na = 1", 4),
        ("[[t]]\na = 1\n[[t]]\na = 1\na = 1", 5), ("[t]\n[t]", 2), ("[t]\n[[t]]", 2), ("[[t]]\n[t]", 2),
        ("t = 1\n[t]", 2), ("t = 1\n[[t]]", 2), ("[[t]]\n[u]\n[[t]]\n[u]", 4),
    ])
    func refusesDuplicates(_ text: String, _ line: Int) { #expect(error(text)?.line == line) }

    @Test(arguments: [
        ("[", 1), ("[]", 1), ("[a", 1), ("\n[a\n]", 2), ("[[a]", 1), ("[a]]", 1), ("[ [a]]", 1), ("[[a] ]", 1),
        ("[a b]", 1), ("[a.b]", 1), ("[ü]", 1), ("[$]", 1), ("[a] b", 1), ("[a] b = 1", 1), ("[\u{301}a]", 1),
        ("\u{a0}[a]", 1), ("\u{b}[a]", 1), ("\u{feff}\u{feff}[a]", 1),
    ])
    func refusesHeadings(_ text: String, _ line: Int) { #expect(error(text)?.line == line) }

    @Test(arguments: [
        ("a", 1), ("a\n= 1", 1), ("= 1", 1), ("\n, = 1", 2), ("a.b = 1", 1), ("\"a\".b = 1", 1), ("a b = 1", 1),
        ("a: 1", 1), ("a: = 1", 1), ("ä = 1", 1), ("a = 1 b = 2", 1), ("a = \"1\" b", 1), ("a = [\n\"b\"\n] c", 3),
        ("a = [\n\"b\"\n\n\"c\"]", 4), ("a = [\n\n", 3), ("a =\n1", 1), ("a = 1\r\n\r\nb", 3), ("a = \"\n\"", 1),
    ])
    func refusesSettings(_ text: String, _ line: Int) { #expect(error(text)?.line == line) }

    // MARK: Edits

    private static let text = "[[user]]\r\nname = \"a\"\r\n\"k\" = [\r\n  # one\r\n  \"1\", ] # two\r\n# end\r\n"

    private func edit(
        _ text: String, _ user: String = "a", by edit: (inout ConfigurationEditor) throws -> Void
    ) throws -> String {
        var editor = ConfigurationEditor(text, user: user)
        try edit(&editor)
        return editor.text
    }

    @Test func setsInPlace() throws {
        let set = try edit(Self.text) { try $0.set("k", to: .strings(["2", "\""])) }
        #expect(set == Self.text.replacing("[\r\n  # one\r\n  \"1\", ]", with: #"["2", "\""]"#))
        #expect(try edit(Self.text, "b") { try $0.set("k", to: .integer(1)) } == Self.text)
    }

    @Test func appendsAfterTheLastSetting() throws {
        let appended = try edit(Self.text) { try $0.set("l", to: .boolean(true)) }
        #expect(appended == Self.text.replacing("# two\r\n", with: "# two\r\nl = true\r\n"))
        let unended = "data = \"x\"\n[[user]]\nname = \"a\""
        let twice = try edit(unended) {
            try $0.set("l", to: .integer(1))
            try $0.set("m", to: .integer(2))
        }
        #expect(twice == unended + "\nl = 1\nm = 2\n")
    }

    @Test func removesTheLinesOfAKey() throws {
        let removed = try edit(Self.text) { try $0.remove("k") }
        #expect(removed == "[[user]]\r\nname = \"a\"\r\n# end\r\n")
        #expect(try edit(Self.text) { try $0.remove("l") } == Self.text)
    }

    @Test func removesAUser() throws {
        let b = "[[user]]\nname = \"b\" # [[user]]\n"
        let both = "# first\r\n \t\r\n" + Self.text + b + "\n[limits]\n"
        #expect(try edit(both) { try $0.removeUser() } == "# first\r\n# end\r\n" + b + "\n[limits]\n")
        #expect(try edit(both, "b") { try $0.removeUser() } == both.replacing(b, with: ""))
        #expect(try edit(both, "c") { try $0.removeUser() } == both)
        #expect(try edit("\u{feff}" + Self.text) { try $0.removeUser() } == "\u{feff}# end\r\n")
    }
}
