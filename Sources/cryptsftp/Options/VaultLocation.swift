private import Foundation

/// The vault that this program was started from: the directory with `bin/` and `Configs/`.
enum VaultLocation {
    /// The vault's path: `CRYPTSFTP_VAULT`, which the launcher sets, or what is above `bin/<system>-<machine>/`.
    static var path: String? {
        if let path = ProcessInfo.processInfo.environment["CRYPTSFTP_VAULT"], !path.isEmpty { return path }
        guard let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            return nil
        }
        let bin = URL(filePath: program).deletingLastPathComponent().deletingLastPathComponent()
        return bin.lastPathComponent == "bin" ? bin.deletingLastPathComponent().path : nil
    }
}
