internal import ArgumentParser
private import Foundation
private import ServerConfiguration

/// The command `cryptsftp gen conf`.
struct GenConfCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conf", abstract: "Print a server.conf that explains all settings and has no users.")

    func run() {
        print(ConfigurationFile.template(for: URL(filePath: "/Configs/server.conf")), terminator: "")
    }
}
