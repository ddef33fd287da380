import Foundation
import SFTP
import TestSupport
import Testing

/// Names on file systems that cannot hold all of them.
@Suite(.serialized) final class NameTests {
    /// What has to last as long as the test.
    private var kept: [AnyObject] = []

    /// A server whose data directory is on the stick, and a client.
    private func serve(_ stick: Stick, append: String = "") throws -> (server: RunningServer, wire: WireClient) {
        let server = try RunningServer([("alice", "rw")], append: append, data: stick.mount)
        kept += [stick, server]
        let wire = try server.wire("alice")
        _ = try wire.initialize()
        return (server, wire)
    }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// All that is in the home is as it was put there.
    private func expectAll(_ wire: WireClient, _ comment: Comment? = nil) throws {
        #expect(try wire.list(bytes("/")).map(sorted) == sorted(OddNames.all), comment)
        for (number, name) in OddNames.all.enumerated() {
            let path = OddNames.path(name)
            if number % 2 == 0 {
                #expect(try wire.get(path) == name, "\(name.shown)")
            } else {
                #expect(try wire.list(path) == [name], "\(name.shown)")
                #expect(try wire.get(OddNames.path(name, name)) == name, "\(name.shown)")
            }
        }
    }

    private func makeAll(_ wire: WireClient) throws {
        for (number, name) in OddNames.all.enumerated() {
            let path = OddNames.path(name)
            if number % 2 == 0 {
                try #require(try wire.put(path, name) == .ok, "\(name.shown)")
            } else {
                try #require(try wire.makeDirectory(path) == .ok, "\(name.shown)")
                try #require(try wire.put(OddNames.path(name, name), name) == .ok, "\(name.shown)")
            }
        }
    }

    @Test(arguments: Stick.available) func everyNameLives(kind: Stick.Kind) throws {
        let stick = try Stick(kind)
        let (_, wire) = try serve(stick)
        try makeAll(wire)
        try expectAll(wire)
        // After it was plugged in again, in another session.
        wire.close()
        let (server, again) = try serve(stick)
        try expectAll(again)
        // They can be changed, renamed there and back, and removed.
        for (number, name) in OddNames.all.enumerated() where number % 2 == 0 {
            let path = OddNames.path(name)
            try #require(try again.put(path, bytes("newer")) == .ok, "\(name.shown)")
            #expect(try again.get(path) == bytes("newer"), "\(name.shown)")
            try #require(try again.rename(path, bytes("/moved")) == .ok, "\(name.shown)")
            #expect(try !again.exists(path), "\(name.shown)")
            try #require(try again.rename(bytes("/moved"), path) == .ok, "\(name.shown)")
            try #require(try again.remove(path) == .ok, "\(name.shown)")
            #expect(try !again.exists(path), "\(name.shown)")
        }
        for (number, name) in OddNames.all.enumerated() where number % 2 == 1 {
            try #require(try again.remove(OddNames.path(name, name)) == .ok, "\(name.shown)")
            try #require(try again.removeDirectory(OddNames.path(name)) == .ok, "\(name.shown)")
        }
        #expect(try again.list(bytes("/")) == [])
        try waitUntil("no draft is left") { server.drafts.isEmpty }
    }

    @Test(arguments: Stick.available) func onlyWhatHasToBeIsEscaped(kind: Stick.Kind) throws {
        let stick = try Stick(kind)
        let (server, wire) = try serve(stick)
        for name in ["a b.txt", "100%", "a%20b", "a:b", "CON", "README"] {
            try #require(try wire.put(bytes("/\(name)"), []) == .ok)
        }
        try #require(try wire.put(bytes("/readme"), []) == .ok)
        let stored = try FileManager.default.contentsOfDirectory(atPath: server.data.appending(path: "alice").path)
        let expected =
            kind.isPortable
            ? ["100%.gpg", "README.gpg", "%72eadme.gpg", "a b.txt.gpg", "a%20b.gpg", "a%3Ab.gpg", "%43ON.gpg"]
            : ["100%.gpg", "README.gpg", "readme.gpg", "a b.txt.gpg", "a%20b.gpg", "a:b.gpg", "CON.gpg"]
        #expect(Set(stored) == Set(expected))
    }

    @Test(arguments: Stick.available) func caseIsKept(kind: Stick.Kind) throws {
        let stick = try Stick(kind)
        let (_, wire) = try serve(stick)
        let names = ["README", "readme", "Readme", "ReadMe", "rEADME"]
        for name in names { try #require(try wire.put(bytes("/\(name)"), bytes(name)) == .ok) }
        for name in names { #expect(try wire.get(bytes("/\(name)")) == bytes(name)) }
        #expect(try !wire.exists(bytes("/READme")))
        #expect(try wire.remove(bytes("/READme"))?.code == 2)
        #expect(try wire.open(bytes("/READme"), .read)?.code == 2)
        // Exclusive: the other case does not count as there.
        #expect(try wire.open(bytes("/readme"), [.write, .create, .exclusive])?.code == 4)
        // What is put under one name changes no other.
        try #require(try wire.put(bytes("/Readme"), bytes("changed")) == .ok)
        for name in names where name != "Readme" { #expect(try wire.get(bytes("/\(name)")) == bytes(name)) }
        try #require(try wire.remove(bytes("/README")) == .ok)
        #expect(try wire.list(bytes("/")).map(sorted) == sorted(names.dropFirst().map(bytes)))
        // Renames of the case only, there and back, of files and directories.
        try #require(try wire.put(bytes("/abc"), bytes("abc")) == .ok)
        try #require(try wire.makeDirectory(bytes("/dir")) == .ok)
        for (old, new) in [("abc", "ABC"), ("ABC", "Abc"), ("Abc", "abc"), ("dir", "DIR"), ("DIR", "dir")] {
            try #require(try wire.rename(bytes("/\(old)"), bytes("/\(new)")) == .ok, "\(old) to \(new)")
            let names = try wire.list(bytes("/")) ?? []
            #expect(names.contains(bytes(new)) && !names.contains(bytes(old)), "\(old) to \(new)")
            #expect(try wire.exists(bytes("/\(new)")) && !wire.exists(bytes("/\(old)")), "\(old) to \(new)")
        }
        #expect(try wire.get(bytes("/abc")) == bytes("abc"))
        // Directories that differ in case are two.
        try #require(try wire.makeDirectory(bytes("/Dir")) == .ok)
        #expect(try wire.makeDirectory(bytes("/Dir"))?.code == 4)
        try #require(try wire.put(bytes("/Dir/x"), bytes("upper")) == .ok)
        #expect(try !wire.exists(bytes("/dir/x")))
    }

    /// Two sessions find the name free in their case, and both store.
    @Test(arguments: Stick.available) func twoThatDifferInCaseAtOnce(kind: Stick.Kind) throws {
        let stick = try Stick(kind)
        let (server, one) = try serve(stick)
        let other = try server.wire("alice")
        _ = try other.initialize()
        let first = try #require(try one.open("/README", [.write, .create, .truncate]))
        let second = try #require(try other.open("/readme", [.write, .create, .truncate]))
        #expect(try one.ask(RequestWriter.write(first, at: 0, bytes("one"))) == .ok)
        #expect(try other.ask(RequestWriter.write(second, at: 0, bytes("other"))) == .ok)
        #expect(try one.ask(RequestWriter.onHandle(.close, first)) == .ok)
        #expect(try other.ask(RequestWriter.onHandle(.close, second)) == .ok)
        for wire in [one, other] {
            #expect(try wire.get(bytes("/README")) == bytes("one"))
            #expect(try wire.get(bytes("/readme")) == bytes("other"))
        }
    }

    @Test(arguments: Stick.available) func whatIsTooLongAsItIsWrittenIsRefused(kind: Stick.Kind) throws {
        let stick = try Stick(kind)
        let (_, wire) = try serve(stick)
        let name = bytes("/" + String(repeating: ":", count: 90))
        for isDirectory in [false, true] {
            let reply = isDirectory ? try wire.makeDirectory(name) : try wire.put(name, [])
            guard kind.isPortable else {
                #expect(reply == .ok)
                _ = try wire.remove(name)
                continue
            }
            guard case .status(4, let sentence)? = reply else {
                Issue.record("\(String(describing: reply))")
                continue
            }
            #expect(sentence.contains("too long") && sentence.contains("cannot hold"), "\(sentence)")
        }
        let longest = bytes("/" + String(repeating: "x", count: 251))
        #expect(try wire.put(longest, bytes("x")) == .ok)
        #expect(try wire.get(longest) == bytes("x"))
        #expect(try wire.put(longest + bytes("x"), [])?.code == 4)
    }

    /// Random operations with names that come into each other's way, and what they should have done.
    @Test(arguments: Stick.available) func randomOperations(kind: Stick.Kind) throws {
        let stick = try Stick(kind)
        let (_, wire) = try serve(stick)
        var numbers = SeededNumbers(for: "randomOperations on \(kind)")
        let names = [
            "a", "A", "%61", "%41", "a:", "A:", "a%3A", "a.", "A.", "con", "Con", "CON", "%63on", "é", "É", "%C3%A9",
        ].map(bytes)
        var files: [[UInt8]: [UInt8]] = [:]
        var directories: Set<[UInt8]> = []
        for step in 0..<300 {
            let name = names.randomElement(using: &numbers) ?? []
            let other = names.randomElement(using: &numbers) ?? []
            let (path, otherPath) = (OddNames.path(name), OddNames.path(other))
            let isThere = files[name] != nil || directories.contains(name)
            let label = "step \(step): \(name.shown), \(other.shown)"
            switch Int.random(in: 0..<6, using: &numbers) {
            case 0, 1:
                let contents = bytes("\(step)")
                #expect((try wire.put(path, contents) == .ok) == !directories.contains(name), "\(label): put")
                if !directories.contains(name) { files[name] = contents }
            case 2:
                #expect((try wire.remove(path) == .ok) == (files[name] != nil), "\(label): remove")
                files[name] = nil
            case 3:
                #expect((try wire.makeDirectory(path) == .ok) == !isThere, "\(label): mkdir")
                if !isThere { directories.insert(name) }
            case 4:
                #expect((try wire.removeDirectory(path) == .ok) == directories.contains(name), "\(label): rmdir")
                directories.remove(name)
            default:
                let isFree = files[other] == nil && !directories.contains(other)
                let isRenamed = try wire.rename(path, otherPath) == .ok
                #expect(isRenamed == (isThere && (isFree || name == other)), "\(label): rename")
                guard isRenamed, name != other else { continue }
                files[other] = files.removeValue(forKey: name)
                if directories.remove(name) != nil { directories.insert(other) }
            }
            if step % 20 == 19 {
                #expect(try wire.list(bytes("/")).map(sorted) == sorted(Array(files.keys) + directories), "\(label)")
                for (name, contents) in files { #expect(try wire.get(OddNames.path(name)) == contents, "\(label)") }
            }
        }
    }
}
