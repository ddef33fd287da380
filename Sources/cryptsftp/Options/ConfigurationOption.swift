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

    /// The file, whether it exists or not.
    var file: URL { ConfigurationFile.locate(path, vault: VaultLocation.path) }

    /// The file.
    ///
    /// - Throws: ``Problem`` when it does not exist.
    func existing() throws -> URL {
        let file = file
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw Problem(.noConfiguration, "there is no \(file.path): make it with 'cryptsftp -a NAME'")
        }
        return file
    }

    /// Opens the vault of the file.
    func openVault() throws -> OwnerVault { try OwnerVault(existing()) }
}
