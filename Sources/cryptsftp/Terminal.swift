private import Foundation
internal import Secrets

/// Talking with a person.
///
/// Prompts and passphrases go to the terminal itself, messages to standard error.
enum Terminal {
    /// Octets of the longest passphrase; longer ones are cut by many programs, so they are refused here.
    private static let longest = 1024

    static func say(_ message: String) {
        FileHandle.standardError.write(Data("cryptsftp: \(message)\n".utf8))
    }

    /// Asks twice for a new passphrase, without showing it.
    ///
    /// - Throws: when there is no terminal, or the two differ three times.
    static func newPassphrase(for user: String) throws -> SecretBytes {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard terminal >= 0 else {
            throw Problem(.wrongPassphrase, "there is no terminal to ask for the passphrase: use --passphrase-file")
        }
        defer { close(terminal) }
        for _ in 1...3 {
            let first = try ask(terminal, "Passphrase for \(user) (long, and easy to remember): ")
            let second = try ask(terminal, "Once more: ")
            if first.matches(second) { return first }
            print(to: terminal, "They differ. Try again.\n")
        }
        throw Problem(.wrongPassphrase, "the two passphrases differ")
    }

    /// Reads the first line of a file, or of standard input for `-`.
    static func passphrase(from path: String) throws -> SecretBytes {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Problem(.wrongPassphrase, "the passphrase file \(path) cannot be read") }
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        return try line(from: descriptor)
    }

    private static func ask(_ terminal: Int32, _ prompt: String) throws -> SecretBytes {
        var saved = termios()
        guard tcgetattr(terminal, &saved) == 0 else { throw Problem(.wrongPassphrase, "the terminal cannot be used") }
        var silent = saved
        silent.c_lflag &= ~tcflag_t(ECHO)
        // A Ctrl-C while nothing is shown must not leave the terminal so: it comes as a character here.
        silent.c_lflag &= ~tcflag_t(ISIG)
        tcsetattr(terminal, TCSAFLUSH, &silent)
        defer {
            tcsetattr(terminal, TCSAFLUSH, &saved)
            print(to: terminal, "\n")
        }
        print(to: terminal, prompt)
        let answer = try line(from: terminal)
        let interrupted = answer.withUnsafeBytes { $0.contains(3) || $0.contains(4) }
        if interrupted { throw Problem(.interrupted, "interrupted") }
        return answer
    }

    /// Reads up to a line's end into locked memory, octet by octet: nothing is read ahead, no copy is left behind.
    private static func line(from descriptor: Int32) throws -> SecretBytes {
        var length = 0
        var failed = false
        let buffer = SecretBytes(count: longest) { bytes in
            while length < bytes.count {
                let count = read(descriptor, bytes.baseAddress.map { $0 + length }, 1)
                if count < 0 && errno == EINTR { continue }
                failed = count < 0
                if count <= 0 || bytes[length] == UInt8(ascii: "\n") { return }
                length += 1
                if bytes[length - 1] == 3 { return }
            }
        }
        guard let buffer, !failed else { throw Problem(.wrongPassphrase, "the passphrase cannot be read") }
        guard length < longest else { throw Problem(.wrongPassphrase, "the passphrase is too long") }
        let line = buffer.withUnsafeBytes { bytes in
            let end = length > 0 && bytes[length - 1] == UInt8(ascii: "\r") ? length - 1 : length
            return SecretBytes(copying: UnsafeRawBufferPointer(rebasing: bytes[..<end]))
        }
        guard let line else { throw Problem(.failure, "out of locked memory") }
        return line
    }

    private static func print(to terminal: Int32, _ text: String) {
        var text = text
        text.withUTF8 { _ = write(terminal, $0.baseAddress, $0.count) }
    }
}
