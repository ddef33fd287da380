internal import SFTP
internal import SSHTransport

/// One channel on which a command was asked for, until it has been answered.
///
/// Files are opened as OPEN with READ does, behind the same gate: the owner gets hashes of plaintext, a write-only
/// session of cipher text.
final class CommandChannel {
    let channel: Channel
    private let command: HashCommand?
    private let fileSystem: any FileSystem
    /// Seconds that the client may take nothing.
    private let stallTimeout: Duration
    private var input: (any Digest)?

    /// Exit statuses of coreutils and of POSIX shells.
    private enum Status {
        static let success: Int32 = 0
        static let failure: Int32 = 1
        static let commandNotFound: Int32 = 127
    }

    /// - Parameters:
    ///   - line: the command.
    ///   - comparesContents: whether what a file reads as is what was written to it. Where it is not, standard input
    ///     has no hash: that is how clients find out whether they can check an upload by its hash, and there they
    ///     cannot.
    init(
        _ channel: Channel, _ line: [UInt8], _ fileSystem: any FileSystem, comparesContents: Bool,
        stallTimeout: Duration
    ) {
        self.channel = channel
        self.fileSystem = fileSystem
        self.stallTimeout = stallTimeout
        let command = HashCommand(line)
        guard case .sum(let sum)? = command else {
            self.command = command
            return
        }
        input = fileSystem.digest(named: sum.algorithm)
        self.command = input == nil || sum.readsInput && !comparesContents ? nil : command
    }

    /// Takes what has arrived, and answers as soon as nothing more is needed; the channel is over then.
    ///
    /// - Parameter turns: how often `buffer` may be filled before others have their turn.
    /// - Returns: whether there was anything to do.
    func serve(_ buffer: inout [UInt8], turns: Int) throws(SSHError) -> Bool {
        switch command {
        case .sum(let sum) where sum.readsInput:
            let count = try takeInput(&buffer, turns)
            guard channel.isAtEnd else { return count > 0 }
            channel.finish(status: try answer(sum))
        case .sum(let sum): channel.finish(status: try answer(sum))
        case .shellProbe:
            try channel.write(HashCommand.shellAnswer, stallTimeout: stallTimeout)
            channel.finish(status: Status.success)
        case nil:
            try channel.write(HashCommand.refusal, to: .errors, stallTimeout: stallTimeout)
            channel.finish(status: Status.commandNotFound)
        }
        return true
    }

    /// - Returns: bytes taken.
    private func takeInput(_ buffer: inout [UInt8], _ turns: Int) throws(SSHError) -> Int {
        var total = 0
        for _ in 0..<turns {
            let count = try buffer.withUnsafeMutableBufferPointer { bytes throws(SSHError) in
                try channel.read(into: UnsafeMutableRawBufferPointer(bytes))
            }
            if count == 0 { break }
            buffer.withUnsafeBytes { input?.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            total += count
        }
        return total
    }

    /// Writes a line for each file, and goes on after one that cannot be read.
    private func answer(_ sum: HashCommand.Sum) throws(SSHError) -> Int32 {
        var status = Status.success
        for file in sum.files.isEmpty ? [HashCommand.standardInput] : sum.files {
            let result = Result { () throws(FileSystemError) in try hash(of: file, sum.algorithm) }
            switch result {
            case .success(let hash): try channel.write(sum.line(hash, file), stallTimeout: stallTimeout)
            case .failure(let error):
                status = Status.failure
                try channel.write(sum.complaint(file, error.message), to: .errors, stallTimeout: stallTimeout)
            }
        }
        return status
    }

    private func hash(of file: [UInt8], _ algorithm: String) throws(FileSystemError) -> [UInt8] {
        if file == HashCommand.standardInput, let input {
            // It can be read once; a second time there is nothing.
            self.input = fileSystem.digest(named: algorithm)
            return input.finish()
        }
        guard let digest = fileSystem.digest(named: algorithm) else { throw .failure("no memory for a hash") }
        return try fileSystem.hash(of: VirtualPath(parsing: file), with: digest)
    }
}
