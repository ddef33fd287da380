internal import Administration
internal import ArgumentParser
internal import Foundation
internal import ServerConfiguration

/// The option that tells which server.conf a command works on.
struct ConfigurationOption: ParsableArguments {
    @Option(
        name: [.customShort("c"), .customLong("config")],
        help: ArgumentHelp(
            "The server.conf. (default: ./server.conf, or the vault's Configs/server.conf)", valueName: "file"),
        completion: .file())
    var path: String?

    /// Finds the file, whether it exists or not, and says which if it is one that only the current directory names.
    ///
    /// - Throws: `ConfigurationError` when `./server.conf` is there, and others can write to it.
    func locate() throws -> URL {
        let file = try ConfigurationFile.locate(path, vault: VaultLocation.path)
        if path == nil, file != ConfigurationFile.inVault(VaultLocation.path) {
            Terminal.say("the vault is the one of \(file.path)")
        }
        return file
    }

    /// Finds the file.
    ///
    /// - Throws: ``Problem`` when it does not exist; `ConfigurationError` when `./server.conf` is there, and others can
    ///   write to it.
    func existing() throws -> URL {
        let file = try locate()
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw Problem(.noConfiguration, "there is no \(file.path): make it with 'cryptsftp -a NAME'")
        }
        return file
    }

    /// Opens the vault of the file.
    func openVault() throws -> OwnerVault { try OwnerVault(existing()) }
}
