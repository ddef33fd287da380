internal import Foundation

/// Programs of other users of this machine, which have no account and no home.
package struct OtherUser: Sendable {
    package let number: UInt32

    package static let alice = OtherUser(number: 24501)
    package static let eve = OtherUser(number: 24502)

    /// Why none can be run here, or nil.
    package static let obstacle: String? = {
        guard getuid() == 0 else { return "only root can run programs of other users" }
        guard let run = try? Command.run("setpriv", OtherUser.eve.arguments("true", [])), run.status == 0 else {
            return "setpriv is missing, or users cannot be changed here"
        }
        return nil
    }()

    /// The arguments of `setpriv` that run a program as this user.
    package func arguments(_ program: String, _ arguments: [String]) -> [String] {
        // Programs of the system alone: those of root's own are not for others.
        ["--reuid", "\(number)", "--regid", "\(number)", "--clear-groups", "env", "PATH=/usr/bin:/bin", program]
            + arguments
    }

    package func run(_ program: String, _ arguments: [String]) throws -> Command {
        try Command.run("setpriv", self.arguments(program, arguments), in: URL(filePath: "/"))
    }
}
