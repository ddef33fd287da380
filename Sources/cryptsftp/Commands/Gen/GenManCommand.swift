internal import ArgumentParser

/// The command `cryptsftp gen man`.
///
/// The page is in the program. `bin/manual` writes it, with the generator of swift-argument-parser.
struct GenManCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "man", abstract: "Print the manual page: 'cryptsftp gen man > cryptsftp.1'.")

    func run() {
        print(String(decoding: PackageResources.cryptsftp_1, as: UTF8.self), terminator: "")
    }
}
