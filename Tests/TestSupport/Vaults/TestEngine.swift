private import Foundation

/// The engine that tests of other things use: `CRYPTSFTP_ENGINE` names another than the program's own choice.
package enum TestEngine {
    package static var name: String? { ProcessInfo.processInfo.environment["CRYPTSFTP_ENGINE"] }
}
