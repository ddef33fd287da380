/// What is fuzzed.
///
/// Each takes any bytes, and besides not trapping it has properties that must hold for all of them. The same entries
/// serve libFuzzer (`bin/fuzz`), the replay of the corpus, and the bounded random inputs of the ordinary tests.
package enum FuzzTarget: String, CaseIterable, Sendable {
    /// The SFTP codec and the state of a session, over files in memory.
    case session
    /// The outside of stored messages, and what gpg writes.
    case message
    /// The inside of messages that somebody with the public key has made.
    case sealed
    /// The packets that session keys come in, and the keys of those who are to open them.
    case keys
    /// Command lines.
    case command
    /// The text of server.conf.
    case configuration

    /// Runs one input.
    ///
    /// - Throws: ``FuzzFailure`` when a property does not hold.
    package func run(_ input: [UInt8]) throws {
        switch self {
        case .session:
            var session = try SessionFuzz(input)
            try session.run()
        case .message: try MessageFuzz(input).run()
        case .sealed: try SealedFuzz.run(input)
        case .keys: try KeysFuzz.run(input)
        case .command: try CommandFuzz.run(input)
        case .configuration: try ConfigurationFuzz.run(input)
        }
    }
}

/// A property that did not hold.
package struct FuzzFailure: Error, CustomStringConvertible {
    package let description: String
}

func require(_ holds: Bool, _ what: @autoclosure () -> String) throws(FuzzFailure) {
    if !holds { throw FuzzFailure(description: what()) }
}
