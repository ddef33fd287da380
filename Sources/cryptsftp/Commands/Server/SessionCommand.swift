internal import ArgumentParser
private import Foundation
internal import Server

/// What the listener starts for each connection.
///
/// It is not for people: without the listener's descriptors it only fails.
struct SessionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "session", shouldDisplay: false)

    func run() throws {
        guard let session = try? SessionProcess() else {
            throw Problem(.usage, "'session' is for the server itself")
        }
        session.run()
    }
}
