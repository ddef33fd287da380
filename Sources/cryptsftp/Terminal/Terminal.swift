internal import Administration
private import Foundation
internal import Secrets

/// Talking with a person.
///
/// Prompts and passphrases go to the terminal itself, messages to standard error.
enum Terminal {
    /// Bytes of the longest passphrase: gpg-agent takes no longer ones.
    private static let longest = 255

    static func say(_ message: String) {
        print(to: STDERR_FILENO, "cryptsftp: \(message)\n")
    }

    /// Asks twice for a new passphrase, without showing it.
    ///
    /// - Throws: when there is no terminal, or the two differ three times.
    static func newPassphrase(for user: String) throws -> SecretBytes {
        let terminal = try openTerminal()
        defer { close(terminal) }
        for _ in 1...3 {
            let first = try ask(terminal, "Passphrase for \(user) (long, and easy to remember): ")
            let second = try ask(terminal, "Once more: ")
            if first.matches(second) { return first }
            print(to: terminal, "They differ. Try again.\n")
        }
        throw Problem(.wrongPassphrase, "the two passphrases differ")
    }

    /// Asks for a passphrase that there is, without showing it.
    ///
    /// - Throws: when there is no terminal.
    static func passphrase(for user: String) throws -> SecretBytes {
        let terminal = try openTerminal()
        defer { close(terminal) }
        return try ask(terminal, "Passphrase for \(user): ")
    }

    private static func openTerminal() throws -> Int32 {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard terminal >= 0 else {
            throw Problem(.wrongPassphrase, "there is no terminal to ask for the passphrase: use --passphrase-file")
        }
        return terminal
    }

    /// Refuses a new passphrase that is too short, and warns of a weak one.
    static func checkStrength(of passphrase: SecretBytes) throws {
        try PassphraseRule.check(passphrase)
        if let warning = PassphraseRule.warning(about: passphrase) { say(warning) }
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
        // Every key comes as it is pressed, and none is shown: Ctrl-C must not leave the terminal so.
        silent.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        tcsetattr(terminal, TCSAFLUSH, &silent)
        defer {
            tcsetattr(terminal, TCSAFLUSH, &saved)
            print(to: terminal, "\n")
        }
        print(to: terminal, prompt)
        return try line(from: terminal, editing: true)
    }

    private enum Key {
        static let interrupt: UInt8 = 3
        static let end: UInt8 = 4
        static let backspaces: [UInt8] = [8, 127]
        static let clear: UInt8 = 21
        static let lineEnds: [UInt8] = [10, 13]
    }

    /// Reads up to a line's end into locked memory, byte by byte: nothing is read ahead, no copy is left behind.
    ///
    /// - Parameter editing: whether it comes from a keyboard, with backspaces and Ctrl-C.
    private static func line(from descriptor: Int32, editing: Bool = false) throws -> SecretBytes {
        var length = 0
        var problem: Problem?
        let buffer = SecretBytes(count: longest + 1) { bytes in
            while length < bytes.count {
                let count = read(descriptor, bytes.baseAddress.map { $0 + length }, 1)
                if count < 0 && errno == EINTR { continue }
                if count < 0 { problem = Problem(.wrongPassphrase, "the passphrase cannot be read") }
                guard count > 0 else { return }
                let key = bytes[length]
                if key == UInt8(ascii: "\n") || editing && Key.lineEnds.contains(key) { return }
                if editing && Key.backspaces.contains(key) {
                    length = max(0, length - 1)
                } else if editing && key == Key.clear {
                    length = 0
                } else if editing && (key == Key.interrupt || key == Key.end) {
                    problem = Problem(.interrupted, "interrupted")
                    return
                } else if key == 0 {
                    problem = Problem(.wrongPassphrase, "a passphrase cannot contain a NUL byte")
                    return
                } else {
                    length += 1
                }
            }
        }
        guard let buffer else { throw Problem(.failure, "out of locked memory") }
        if let problem { throw problem }
        let line = buffer.withUnsafeBytes { bytes in
            // A file from another system ends its lines with a carriage return, too.
            let end = length > 0 && bytes[length - 1] == UInt8(ascii: "\r") ? length - 1 : length
            return SecretBytes(copying: UnsafeRawBufferPointer(rebasing: bytes[..<end]))
        }
        guard let line else { throw Problem(.failure, "out of locked memory") }
        guard line.count <= longest else {
            throw Problem(.wrongPassphrase, "the passphrase is longer than \(longest) bytes")
        }
        return line
    }

    private static func print(to terminal: Int32, _ text: String) {
        var text = text
        text.withUTF8 { _ = write(terminal, $0.baseAddress, $0.count) }
    }
}
