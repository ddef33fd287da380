internal import SFTP
internal import SSHTransport

/// A command on a channel: the `exec` request (RFC 4254, section 6.5).
///
/// Files are opened as OPEN with READ opens them, with the same permission check: the owner gets hashes of plaintext, a
/// write-only session of ciphertext.
struct ExecService: ChannelService {
    let channel: Channel
    /// nil for a command that this server does not answer.
    private let command: HashCommand?
    private let fileSystem: any FileSystem
    private let stallTimeout: Duration
    /// The hash of standard input so far.
    private var input: (any Digest)?

    /// Exit statuses of coreutils and of POSIX shells.
    private enum Status {
        static let success: Int32 = 0
        static let failure: Int32 = 1
        static let commandNotFound: Int32 = 127
    }

    /// - Parameters:
    ///   - line: the command.
    ///   - readsPlaintext: false in the write-only view, where READ returns ciphertext. Then `md5sum` of standard input
    ///     fails, which is how rclone detects that hashes are not available.
    ///   - stallTimeout: how long the client may take none of what it is sent.
    init(
        _ channel: Channel, _ line: [UInt8], _ fileSystem: any FileSystem, readsPlaintext: Bool, stallTimeout: Duration
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
        self.command = input == nil || sum.readsInput && !readsPlaintext ? nil : command
    }

    let openFiles = 0

    var isOver: Bool { channel.isOver }

    /// Takes more of standard input, or answers the command; the channel is over then.
    mutating func serve(_ buffer: inout [UInt8]) throws -> Bool {
        switch command {
        case .sum(let sum) where sum.readsInput:
            let count = try takeInput(&buffer)
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

    func abandonFiles() {}

    /// - Returns: the number of bytes taken.
    private func takeInput(_ buffer: inout [UInt8]) throws(SSHError) -> Int {
        var total = 0
        for _ in 0..<ChannelShare.reads {
            let count = try buffer.withUnsafeMutableBufferPointer { bytes throws(SSHError) in
                try channel.read(into: UnsafeMutableRawBufferPointer(bytes))
            }
            if count == 0 { break }
            buffer.withUnsafeBytes { input?.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            total += count
        }
        return total
    }

    /// Writes a line for each file; a file that cannot be read does not end the command.
    private mutating func answer(_ sum: HashCommand.Sum) throws(SSHError) -> Int32 {
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

    private mutating func hash(of file: [UInt8], _ algorithm: String) throws(FileSystemError) -> [UInt8] {
        if file == HashCommand.standardInput, let input {
            // Standard input can be read once; a second time it is empty.
            self.input = fileSystem.digest(named: algorithm)
            return input.finish()
        }
        guard let digest = fileSystem.digest(named: algorithm) else { throw .failure("no memory for a hash") }
        return try fileSystem.hash(of: VirtualPath(parsing: file), with: digest)
    }
}
