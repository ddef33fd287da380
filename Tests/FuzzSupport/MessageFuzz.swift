import GnuPG
internal import OpenPGP

/// The input as a stored message, as a message that gpg writes, and as the decrypted contents of a message.
struct MessageFuzz {
    private let input: [UInt8]

    init(_ input: [UInt8]) {
        self.input = input
    }

    func run() throws(FuzzFailure) {
        try stored(input)
        try framed()
        try literal()
    }

    /// Checks that all offsets read from a stored message lie in it.
    private func stored(_ bytes: [UInt8]) throws(FuzzFailure) {
        let file = try MemoryBytes.hold(bytes)
        let results = (
            Result { () throws(OpenPGPError) in try EncryptedMessage(file) },
            Result { () throws(OpenPGPError) in try EncryptedMessage(file.withHead()) }
        )
        guard case (.success(let message), .success(let withHead)) = results else {
            guard case (.failure(let error), .failure(let other)) = results, error == other, error.code == .message
            else { throw FuzzFailure(description: "the head of a file makes a difference") }
            return
        }
        try require(
            message.lengthOffset == withHead.lengthOffset
                && message.ownFraming?.bodyCount == withHead.ownFraming?.bodyCount,
            "the head of a file makes a difference")
        _ = message.ownFraming?.plaintextCounts(isPartial: false)
        let result = Result { () throws(OpenPGPError) in try message.bodyMap() }
        if case .success(let map?) = result { try check(map, from: message.lengthOffset, bytes.count) }
        guard let beginning = try? message.beginning() else { return }
        // What gpg gets to unwrap the session key is a message, too.
        let short = try MemoryBytes.hold(beginning)
        guard let again = try? EncryptedMessage(short), let first = try? again.bodyMap() else {
            throw FuzzFailure(description: "the beginning is no message")
        }
        try require(again.lengthOffset == message.lengthOffset && (1...256).contains(first.count), "another beginning")
    }

    private func check(_ map: PartialBodyMap, from start: UInt64, _ count: Int) throws(FuzzFailure) {
        var sum: UInt64 = 0
        var end = start
        try map.forEachPart(of: 0..<map.count) { part throws(FuzzFailure) in
            try require(part.lowerBound >= end && !part.isEmpty, "chunks out of order")
            try require(map.outerOffset(of: sum) == part.lowerBound, "a byte in two places")
            sum += UInt64(part.count)
            end = part.upperBound
        }
        try require(sum == map.count && end <= UInt64(count), "chunks outside of the file")
    }

    /// Checks that the reframer makes a message whose size is known, in whatever parts gpg's bytes come.
    private func framed() throws(FuzzFailure) {
        for framing in [GnuPGFraming.small, .large] {
            let whole = frame(framing, pieces: .max)
            try require(whole == frame(framing, pieces: 7), "pieces make a difference to the framer")
            guard let (output, count) = whole.map({ ($0.output, $0.count) }) else { continue }
            let message = try? EncryptedMessage(MemoryBytes.hold(output))
            // Short bodies have the same framing in all messages of this program.
            try require(message?.ownFraming?.bodyCount == count, "a message of \(count) is taken for another")
            try stored(output)
        }
    }

    private struct Framed: Equatable {
        var output: [UInt8]
        var count: UInt64
    }

    private func frame(_ framing: GnuPGFraming, pieces: Int) -> Framed? {
        var framer = GnuPGReframer(keyID: Array(1...8), OuterFraming(framing))
        var output: [UInt8] = []
        var rest = input[...]
        do {
            while !rest.isEmpty {
                try rest.prefix(pieces).withUnsafeBytes { try framer.take($0, &output) }
                rest = rest.dropFirst(pieces)
            }
            try framer.finish(&output)
        } catch {
            return nil
        }
        return Framed(output: output, count: framer.bodyCount)
    }

    /// Checks that a literal packet is found at the same place, whether its bytes come at once or in windows.
    private func literal() throws(FuzzFailure) {
        let whole = input.withUnsafeBytes { LiteralPacket($0) }
        var pieces = input.prefix(600).withUnsafeBytes { LiteralPacket($0) }
        var position = 600
        while position < input.count {
            let start = max(0, position - LiteralPacket.trailer)
            input[start..<min(input.count, position + 100)].withUnsafeBytes { pieces?.walk($0, at: UInt64(start)) }
            position += 100
        }
        let (one, other) = (whole?.data(inside: UInt64(input.count)), pieces?.data(inside: UInt64(input.count)))
        try require(one == other, "a literal packet in two places")
    }
}
