internal import ArgumentParser
private import Foundation
private import Server

/// What the listener starts for each connection.
///
/// It is not for people: without the listener's descriptors it only fails.
struct SessionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "session", shouldDisplay: false)

    func run() throws {
        try SessionProcess().run()
    }
}
