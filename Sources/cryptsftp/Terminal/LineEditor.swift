/// Edits one line as its keys are pressed, where nothing is shown.
///
/// The bytes stay in the memory that the editor is given, which for a passphrase is locked memory.
package struct LineEditor {
    /// What follows from a key.
    package enum Step: Equatable {
        /// The line continues.
        case more
        /// The line has ended; the key that ended it is not part of it.
        case done
        /// Ctrl-C or Ctrl-D.
        case interrupted
        /// The key is a NUL byte, which no passphrase can contain.
        case nul
        /// The buffer is full.
        case full
    }

    private enum Key {
        static let interrupt: UInt8 = 3
        static let end: UInt8 = 4
        static let backspace: UInt8 = 8
        static let newline: UInt8 = 10
        static let carriageReturn: UInt8 = 13
        static let clear: UInt8 = 21
        static let delete: UInt8 = 127
    }

    private let buffer: UnsafeMutableRawBufferPointer
    /// The length of the line in bytes.
    package private(set) var count = 0

    /// - Parameter buffer: holds the line; it must stay valid as long as the editor is used.
    package init(_ buffer: UnsafeMutableRawBufferPointer) {
        self.buffer = buffer
    }

    /// Takes a byte of the keyboard's input.
    ///
    /// DEL and BS remove a character, Ctrl-U removes all.
    package mutating func take(_ key: UInt8) -> Step {
        switch key {
        case Key.newline, Key.carriageReturn: return .done
        case Key.interrupt, Key.end: return .interrupted
        case 0: return .nul
        case Key.delete, Key.backspace: count -= lastCharacter
        case Key.clear: count = 0
        default:
            guard count < buffer.count else { return .full }
            buffer[count] = key
            count += 1
            if count == buffer.count { return .full }
        }
        return .more
    }

    /// The length in bytes of the last character of the line; 0 for an empty line.
    ///
    /// Bytes that are not UTF-8 (RFC 3629, section 3) are characters of one byte.
    private var lastCharacter: Int {
        guard count > 0 else { return 0 }
        var length = 1
        while length < min(count, 4), buffer[count - length] & 0xc0 == 0x80 { length += 1 }
        let needed = (~buffer[count - length]).leadingZeroBitCount
        return (2...4).contains(needed) && length <= needed ? length : 1
    }
}
