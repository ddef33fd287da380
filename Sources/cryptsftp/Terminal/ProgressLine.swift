private import Foundation

/// How far long work has come, in one line of the terminal that is drawn anew; where standard error is none, nothing.
final class ProgressLine {
    private let files: Int
    private let bytes: UInt64
    private let start = ContinuousClock.now
    private var drawn: ContinuousClock.Instant?
    private var doneFiles = 0
    private var doneBytes: UInt64 = 0

    /// Whether there is anybody to see it.
    static var isSeen: Bool { isatty(STDERR_FILENO) == 1 }

    /// - Parameters:
    ///   - files: how many there are.
    ///   - bytes: of all of them.
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

    /// Takes the line away, for another one.
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

    /// An amount of bytes in a few characters.
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
        text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
