import Foundation
import Server
import TestSupport
import Testing

@Suite struct HashCommandTests {
    private func sum(_ line: String) throws -> HashCommand.Sum? {
        guard case .sum(let sum)? = HashCommand(Array(line.utf8)) else { return nil }
        return sum
    }

    @Test func splitsAsAShellDoes() throws {
        let lines = [
            "a b", "  x\ty  ", "a\\ b 'c d' \"e f\"", "'it'\\''s'", "\\;\\|\\$\\`\\*", "\"a\\\"b\\\\c\\d\\$\\`\"", "''",
            "a''b\"\" \"\"", "x\\\ny", "\"x\\\ny\"", "a'\n'b", "a#b c~d", "\\~ \\#", "'$x;`y`' z", "ä 'ö'", "",
        ]
        for line in lines {
            let words = try #require(ShellWords.split(Array(line.utf8)), "\(line)")
            // A shell prints its words, each with a NUL behind it.
            let script = #"for w in \#(line); do printf '%s\0' "$w"; done"#
            let run = try Command.run("sh", ["-c", script])
            #expect(run.status == 0, "\(line): \(run.errors)")
            #expect(words.flatMap { $0 + [0] } == Array(run.output), "\(line)")
        }
    }

    @Test(arguments: [
        "a;b", "a|b", "a&", "a$b", "a`b`", "a<b", "a>b", "a\nb", "(a)", "a*", "a?", "[a]", "~", "~/a", "# a", "'a",
        "\"a",
        "\"a\\", "a\\", "\"$a\"", "\"`a`\"", "a 'b", "a'b'\"c",
    ])
    func refusesWhatNeedsAShell(line: String) {
        #expect(ShellWords.split(Array(line.utf8)) == nil)
    }

    @Test func namesAreBytes() {
        #expect(ShellWords.split([0xff, 0x20, 0x27, 0xfe, 0x27]) == [[0xff], [0xfe]])
    }

    @Test func readsTheCommandsOfCoreutils() throws {
        #expect(try sum("md5sum")?.algorithm == "md5")
        #expect(try sum("sha1sum a")?.algorithm == "sha1")
        #expect(try sum("sha256sum a")?.algorithm == "sha256")
        #expect(try sum("sha512sum a")?.algorithm == "sha512")
        #expect(try sum("md5sum a 'b c'")?.files == [Array("a".utf8), Array("b c".utf8)])
        #expect(try sum("md5sum -b -- -x")?.files == [Array("-x".utf8)])
        #expect(try sum("md5sum -b a")?.isBinary == true)
        #expect(try sum("md5sum a")?.isBinary == false)
        #expect(try sum("'md5sum' -")?.files == [Array("-".utf8)])
        #expect(HashCommand(Array("echo ${ShellId}%ComSpec%".utf8)) == .shellProbe)
    }

    @Test(arguments: [
        "", "ls", "echo", "echo x", "md5sum -c a", "md5sum --check", "md5sum a; ls", "md5sum $(ls)", "/bin/md5sum a",
        "MD5SUM a", "A=b md5sum a", "md5sum -x a", "scp -t .", "exit", "pwd", "rclone md5sum", "df -k /",
        "sh -c md5sum",
    ])
    func knowsNoOthers(line: String) {
        #expect(HashCommand(Array(line.utf8)) == nil)
    }

    @Test func writesLinesAsCoreutilsDo() throws {
        let scratch = try Scratch()
        for name in ["plain", "two words", "back\\slash", "line\nbreak", "return\rreturn", "ä"] {
            try scratch.file(name, Data())
            for options in [[], ["-b"]] {
                let run = try Command.run("md5sum", options + ["--", name], in: scratch.url)
                let sum = try #require(try sum(options.isEmpty ? "md5sum" : "md5sum -b"))
                let empty: [UInt8] = [
                    0xd4, 0x1d, 0x8c, 0xd9, 0x8f, 0x00, 0xb2, 0x04, 0xe9, 0x80, 0x09, 0x98, 0xec, 0xf8, 0x42, 0x7e,
                ]
                #expect(sum.line(empty, Array(name.utf8)) == Array(run.output))
            }
        }
    }
}
