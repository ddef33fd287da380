private import Foundation

/// The directory this program was started from.
enum Vault {
    /// The directory with `bin/` and `Configs/`: the launcher tells it; else it is above `bin/<system>-<machine>/`.
    static var path: String? {
        if let told = ProcessInfo.processInfo.environment["CRYPTSFTP_VAULT"], !told.isEmpty { return told }
        guard let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            return nil
        }
        let bin = URL(filePath: program).deletingLastPathComponent().deletingLastPathComponent()
        return bin.lastPathComponent == "bin" ? bin.deletingLastPathComponent().path : nil
    }
}
