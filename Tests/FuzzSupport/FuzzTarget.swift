/// A parser under fuzzing.
///
/// Each takes any bytes: it must not trap, and properties of its own must hold for all inputs. libFuzzer (`bin/fuzz`),
/// the replay of the corpus, and the bounded random inputs of the ordinary tests use the same targets.
package enum FuzzTarget: String, CaseIterable, Sendable {
    /// The SFTP codec and the state of a session, over files in memory.
    case session
    /// The packets of stored messages, and those that gpg writes.
    case message
    /// The decrypted contents of messages that somebody with the public key has made.
    case sealed
    /// PKESK packets, and subkey packets.
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
