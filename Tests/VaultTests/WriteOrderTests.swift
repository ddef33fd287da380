import SFTP
import TestSupport
import Testing

/// A file is stored as an ordinary file system would store it, in whatever order the client writes it.
@Suite(.serialized) struct WriteOrderTests {
    /// The file on an ordinary file system.
    private struct Model {
        var bytes: [UInt8] = []

        mutating func write(_ new: [UInt8], at offset: Int) {
            guard !new.isEmpty else { return }
            if bytes.count < offset + new.count {
                bytes += repeatElement(0, count: offset + new.count - bytes.count)
            }
            bytes.replaceSubrange(offset..<offset + new.count, with: new)
        }

        mutating func truncate(to count: Int) {
            bytes = count < bytes.count ? Array(bytes[..<count]) : bytes + repeatElement(0, count: count - bytes.count)
        }
    }

    /// The same file as WRITEs in their order, swapped with neighbours, shuffled, overlapping, repeated, with holes,
    /// over an older version or not, cut off, extended and read in between.
    @Test func everyOrderGivesTheSameFile() throws {
        let seed = SeededNumbers(for: "WriteOrderTests").seed
        let home = try HomeFixture()
        let client = try home.connect()
        for number in 0..<Effort.count(300, full: 2000) {
            var random = SeededNumbers(seed: seed &+ UInt64(number))
            try check(client, &random, "seed \(seed), case \(number)")
        }
        #expect(home.drafts.isEmpty)
    }

    private func check(_ client: Exchange, _ random: inout SeededNumbers, _ label: Comment) throws {
        var model = Model()
        let isOver = Int.random(in: 0..<4, using: &random) == 0
        if isOver {
            model.bytes = random.bytes(Int.random(in: 0..<150_000, using: &random))
            try client.put("/file", model.bytes)
        }
        let reads = Int.random(in: 0..<3, using: &random) == 0
        let flags: OpenFlags = reads ? [.read, .write, .create] : [.write, .create]
        let handle = try #require(try client.open("/file", isOver ? flags : flags.union(.truncate)), label)
        if !isOver { model.bytes = [] }
        for (offset, bytes) in plan(over: model.bytes.count, &random) {
            #expect(try client.write(handle, at: UInt64(offset), bytes) == .ok, label)
            model.write(bytes, at: offset)
            switch Int.random(in: 0..<40, using: &random) {
            case 0:
                let count = Int.random(in: 0...model.bytes.count + 50_000, using: &random)
                let attributes = FileAttributes(size: UInt64(count))
                #expect(try client.ask(RequestWriter.fsetstat(handle, attributes)) == .ok, label)
                model.truncate(to: count)
            case 1, 2:
                #expect(try client.size("/file") == UInt64(model.bytes.count), label)
            case 3 where reads:
                let start = Int.random(in: 0...model.bytes.count, using: &random)
                #expect(
                    try client.read(handle, at: UInt64(start), 50_000) == Array(model.bytes[start...].prefix(50_000)),
                    label)
            default: break
            }
        }
        #expect(try client.close(handle) == .ok, label)
        #expect(try client.size("/file") == UInt64(model.bytes.count), label)
        let isSame = try client.read("/file") == model.bytes
        try #require(isSame, label)
    }

    /// The writes of one case.
    private func plan(over count: Int, _ random: inout SeededNumbers) -> [(offset: Int, bytes: [UInt8])] {
        let piece = [1, 700, 4096, 32768, 60_000].randomElement(using: &random) ?? 4096
        let most = max(1, min(60, 400_000 / piece))
        let start =
            [0, 0, 0, count, Int.random(in: 0...count + 1000, using: &random)].randomElement(using: &random) ?? 0
        var writes: [(offset: Int, bytes: [UInt8])] = []
        var offset = start
        for _ in 0..<Int.random(in: 0...most, using: &random) {
            let length = Int.random(in: 0..<10, using: &random) == 0 ? Int.random(in: 0...piece, using: &random) : piece
            writes.append((offset, random.bytes(length)))
            offset += length
        }
        switch Int.random(in: 0..<6, using: &random) {
        case 0: writes.shuffle(using: &random)
        case 1:  // As a client with several requests in flight: nearly in order.
            for index in writes.indices.dropLast() where Bool.random(using: &random) {
                writes.swapAt(index, index + 1)
            }
        case 2:  // Overlapping, and repeated with other bytes.
            for write in writes where Int.random(in: 0..<3, using: &random) == 0 {
                let back = Int.random(in: 0...min(write.offset, 5000), using: &random)
                writes.append((write.offset - back, random.bytes(min(piece, 9000))))
            }
        case 3:  // Holes.
            writes.removeAll { _ in Int.random(in: 0..<4, using: &random) == 0 }
        default: break
        }
        return writes
    }
}
