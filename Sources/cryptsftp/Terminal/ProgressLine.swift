private import Foundation
private import Platform

/// The progress of long work: one line of the terminal that is drawn again and again.
///
/// Nothing is drawn when standard error is not a terminal.
final class ProgressLine {
    private let files: Int
    private let bytes: UInt64
    private let start = ContinuousClock.now
    private var drawn: ContinuousClock.Instant?
    private var doneFiles = 0
    private var doneBytes: UInt64 = 0

    /// Whether standard error is a terminal.
    static var isSeen: Bool { isatty(STDERR_FILENO) == 1 }

    /// - Parameters:
    ///   - files: the number of all files.
    ///   - bytes: the number of all their bytes.
    init(files: Int, bytes: UInt64) {
        self.files = files
        self.bytes = bytes
    }

    func advance(files: Int = 0, bytes: UInt64 = 0) {
        doneFiles += files
        doneBytes += bytes
        guard ProgressLine.isSeen else { return }
        let now = ContinuousClock.now
        // Short work needs no line.
        guard now - (drawn ?? start) > .milliseconds(drawn == nil ? 500 : 200) else { return }
        drawn = now
        draw("\r\(text((now - start) / .seconds(1)))\u{1b}[K")
    }

    /// Removes the line, so that another one can be printed.
    func clear() {
        guard drawn != nil else { return }
        draw("\r\u{1b}[K")
    }

    private func text(_ seconds: Double) -> String {
        let rate = Double(doneBytes) / max(seconds, 0.001)
        let left = Double(bytes) > Double(doneBytes) ? (Double(bytes) - Double(doneBytes)) / max(rate, 1) : 0
        let minutes = Int(min(left, 359_999)) / 60
        let time = "\(minutes):\(String(format: "%02d", Int(min(left, 359_999)) % 60))"
        return "\(doneFiles) of \(files) files, \(Self.amount(doneBytes)) of \(Self.amount(bytes)), "
            + "\(Self.amount(UInt64(rate)))/s, \(time) left"
    }

    /// A number of bytes in a few characters, such as `1.5 MiB`.
    static func amount(_ bytes: UInt64) -> String {
        var amount = Double(bytes)
        for unit in ["B", "KiB", "MiB", "GiB"] {
            if amount < 1000 { return String(format: unit == "B" ? "%.0f " : "%.1f ", amount) + unit }
            amount /= 1024
        }
        return String(format: "%.1f TiB", amount)
    }

    private func draw(_ text: String) {
        var text = text
        text.withUTF8 { try? FileIO.writeAll(UnsafeRawBufferPointer($0), to: STDERR_FILENO) }
    }
}
