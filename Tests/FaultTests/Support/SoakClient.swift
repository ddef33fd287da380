import Foundation
import SFTP
import TestSupport

/// One of many clients: it does one thing after the other in a directory of its own, and checks what it gets.
struct SoakClient {
    enum Job: String, CaseIterable {
        case upload, overwrite, download, seek, edit, rename, list, remove, cutOff
    }

    /// What was not as it should be.
    struct Failure: Error, CustomStringConvertible { let description: String }

    private let directory: String
    let isVisitor: Bool
    private let door: RunningServer.Door
    private var numbers: SeededNumbers
    private var wire: WireClient
    /// What it has stored, by path.
    private(set) var files: [String: Data] = [:]
    private var nextName = 0

    init(number: Int, isVisitor: Bool, _ door: RunningServer.Door, seed: UInt64) throws {
        directory = "/client\(number)"
        self.isVisitor = isVisitor
        self.door = door
        numbers = SeededNumbers(seed: seed &+ UInt64(number))
        wire = try SoakClient.connect(door, isVisitor)
        try check(wire.ask(RequestWriter.onPath(.mkdir, directory, FileAttributes())) == .ok, "mkdir")
    }

    private static func connect(_ door: RunningServer.Door, _ isVisitor: Bool) throws -> WireClient {
        let wire = try isVisitor ? door.wire("drop", password: "visitor") : door.wire("alice")
        guard case .version? = try wire.initialize() else { throw Failure(description: "no login") }
        return wire
    }

    func disconnect() { wire.close() }

    private func check(_ holds: Bool, _ what: String) throws {
        guard holds else { throw Failure(description: "\(directory): \(what)") }
    }

    /// Does one thing at random.
    mutating func work() throws -> Job {
        let job = Job.allCases.randomElement(using: &numbers) ?? .list
        guard let path = files.keys.sorted().randomElement(using: &numbers), let contents = files[path],
            job != .upload || files.count > 5
        else {
            nextName += 1
            try upload("\(directory)/file\(nextName)")
            return .upload
        }
        switch job {
        case .upload, .overwrite: try upload(path)
        case .download: try download(path, contents)
        case .seek: try isVisitor ? download(path, contents) : seek(path, contents)
        case .edit: try isVisitor ? upload(path) : edit(path, contents)
        case .rename: try rename(path, contents)
        case .list: try list()
        case .remove:
            try check(wire.ask(RequestWriter.onPaths(.remove, path)) == .ok, "remove \(path)")
            files[path] = nil
        case .cutOff: try cutOff(path, contents)
        }
        return job
    }

    private mutating func randomContents() -> Data {
        let most = Int.random(in: 0..<10, using: &numbers) == 0 ? 1_500_000 : 60_000
        return .random(Int.random(in: 0...most, using: &numbers), seed: numbers.next())
    }

    private mutating func upload(_ path: String) throws {
        let contents = randomContents()
        let reply = try wire.upload(path, contents)
        try check(reply == .ok, "upload \(path): \(String(describing: reply))")
        files[path] = contents
    }

    private func download(_ path: String, _ contents: Data) throws {
        let got = try wire.download(path)
        if isVisitor {
            let isMessage = got.map { (try? StoredPieces($0)) != nil && $0.count > contents.count }
            try check(isMessage == true, "ciphertext of \(path)")
        } else {
            try check(got == contents, "download of \(path): \(got?.count ?? -1) bytes of \(contents.count)")
        }
    }

    private mutating func seek(_ path: String, _ contents: Data) throws {
        guard let handle = try wire.open(path, .read) else { return try check(false, "open \(path)") }
        for _ in 0..<4 {
            let offset = Int.random(in: 0...contents.count, using: &numbers)
            let expected = contents.dropFirst(offset).prefix(20_000)
            let reply = try wire.ask(RequestWriter.read(handle, at: UInt64(offset), 20_000))
            let isRight = if case .data(let bytes)? = reply { expected.elementsEqual(bytes) } else { expected.isEmpty }
            try check(isRight, "bytes of \(path) at \(offset)")
        }
        try check(wire.ask(RequestWriter.onHandle(.close, handle)) == .ok, "close \(path)")
    }

    private mutating func edit(_ path: String, _ contents: Data) throws {
        guard let handle = try wire.open(path, [.read, .write]) else { return try check(false, "open \(path)") }
        let offset = Int.random(in: 0...contents.count, using: &numbers)
        let patch = Data.random(Int.random(in: 1...30_000, using: &numbers), seed: numbers.next())
        let replies = try wire.ask(
            all: [
                RequestWriter.write(handle, at: UInt64(offset), Array(patch)), RequestWriter.onHandle(.close, handle),
            ])
        try check(replies == [.ok, .ok], "edit \(path): \(replies)")
        files[path] = contents.prefix(offset) + patch + contents.dropFirst(offset + patch.count)
    }

    private mutating func rename(_ path: String, _ contents: Data) throws {
        nextName += 1
        let target = "\(directory)/file\(nextName)"
        try check(wire.ask(RequestWriter.posixRename(path, target)) == .ok, "rename \(path)")
        files[path] = nil
        files[target] = contents
    }

    private func list() throws {
        let names = try wire.names(in: directory)
        try check(names == Set(files.keys.map { String($0.dropFirst(directory.count + 1)) }), "listing: \(names)")
        if let (path, contents) = files.first {
            try check(wire.size(path) == UInt64(contents.count), "size of \(path)")
        }
    }

    /// A connection that ends in the middle of an upload over `path`, and another for the same client.
    private mutating func cutOff(_ path: String, _ contents: Data) throws {
        guard let handle = try wire.open(path, [.write, .create, .truncate]) else {
            return try check(false, "open \(path)")
        }
        try wire.send(Array(WireClient.writes(handle, Data.random(200_000)).joined()))
        wire.close()
        wire = try SoakClient.connect(door, isVisitor)
        try download(path, contents)
    }
}
