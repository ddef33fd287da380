internal import Administration
private import Foundation
private import Platform
private import SFTP
internal import Secrets

/// Prompts on the terminal, and messages on standard error.
enum Terminal {
    /// The most bytes that gpg-agent accepts as a passphrase.
    private static let longest = 255

    /// Prints a message of one line to standard error.
    static func say(_ message: String) { print(to: STDERR_FILENO, "cryptsftp: \(PrintableText.escaped(message))\n") }

    /// Prints a text of several lines, such as the parser's about a wrong command line, to standard error.
    static func explain(_ text: String) {
        print(to: STDERR_FILENO, PrintableText.escaped(text, keeping: ["\n"]) + "\n")
    }

    /// Prints a line to standard output, for people.
    static func show(_ line: String, terminator: String = "\n") {
        print(to: STDOUT_FILENO, PrintableText.escaped(line) + terminator)
    }

    /// Asks twice for a new passphrase, without showing it.
    ///
    /// - Throws: ``Problem`` when there is no terminal, or the two entries differ three times.
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

    /// Asks for a user's present passphrase, without showing it.
    ///
    /// - Throws: ``Problem`` when there is no terminal.
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
        if path == "-" { return try readLine(from: STDIN_FILENO) }
        let file: OwnedDescriptor
        do throws(SystemError) {
            file = try OwnedDescriptor(path: path, O_RDONLY)
        } catch {
            throw Problem(.wrongPassphrase, "the passphrase file \(path) cannot be read: \(error)")
        }
        return try readLine(from: file.raw)
    }

    private static func ask(_ terminal: Int32, _ prompt: String) throws -> SecretBytes {
        var saved = termios()
        guard tcgetattr(terminal, &saved) == 0 else { throw Problem(.wrongPassphrase, "the terminal cannot be used") }
        var silent = saved
        // Every key arrives as it is pressed, and none is shown. Ctrl-C is a key too: a signal would leave the terminal
        // in this state.
        silent.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        tcsetattr(terminal, TCSAFLUSH, &silent)
        defer {
            tcsetattr(terminal, TCSAFLUSH, &saved)
            print(to: terminal, "\n")
        }
        print(to: terminal, PrintableText.escaped(prompt))
        return try editLine(on: terminal)
    }

    /// Reads a line from a keyboard.
    private static func editLine(on terminal: Int32) throws -> SecretBytes {
        try line { (bytes) throws(Problem) in
            var editor = LineEditor(bytes)
            while let key = try nextByte(terminal) {
                switch editor.take(key) {
                case .more: continue
                case .done, .full: return editor.count
                case .interrupted: throw Problem(.interrupted, "interrupted")
                case .nul: throw Terminal.containsNUL
                }
            }
            return editor.count
        }
    }

    /// Reads the first line of a file.
    private static func readLine(from descriptor: Int32) throws -> SecretBytes {
        try line { (bytes) throws(Problem) in
            var count = 0
            while count < bytes.count, let byte = try nextByte(descriptor), byte != UInt8(ascii: "\n") {
                guard byte != 0 else { throw Terminal.containsNUL }
                bytes[count] = byte
                count += 1
            }
            // A file from another system ends its lines with a carriage return, too.
            return count > 0 && bytes[count - 1] == UInt8(ascii: "\r") ? count - 1 : count
        }
    }

    private static var containsNUL: Problem { Problem(.wrongPassphrase, "a passphrase cannot contain a NUL byte") }

    /// Lets `fill` write a line into locked memory.
    ///
    /// - Parameter fill: returns the length of the line in bytes.
    private static func line(
        _ fill: (UnsafeMutableRawBufferPointer) throws(Problem) -> Int
    ) throws -> SecretBytes {
        var count = 0
        // One byte more than a passphrase may have: a longer one, or a carriage return after it.
        let buffer = try SecretBytes(count: longest + 1) { (bytes) throws(Problem) in count = try fill(bytes) }
        guard let buffer else { throw Problem(.failure, "out of locked memory") }
        guard count <= longest else {
            throw Problem(.wrongPassphrase, "the passphrase is longer than \(longest) bytes")
        }
        let line = buffer.withUnsafeBytes { SecretBytes(copying: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        guard let line else { throw Problem(.failure, "out of locked memory") }
        return line
    }

    /// Reads one byte: nothing is read ahead, so that no copy is left in a buffer.
    ///
    /// - Returns: nil at the end.
    private static func nextByte(_ descriptor: Int32) throws(Problem) -> UInt8? {
        var byte: UInt8 = 0
        do throws(SystemError) {
            let count = try withUnsafeMutableBytes(of: &byte) { (buffer) throws(SystemError) in
                try FileIO.readOnce(descriptor, into: buffer)
            }
            return count == 0 ? nil : byte
        } catch {
            throw Problem(.wrongPassphrase, "the passphrase cannot be read: \(error)")
        }
    }

    private static func print(to terminal: Int32, _ text: String) {
        var text = text
        text.withUTF8 { try? FileIO.writeAll(UnsafeRawBufferPointer($0), to: terminal) }
    }
}
