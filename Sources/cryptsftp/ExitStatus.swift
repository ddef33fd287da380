internal import Administration
internal import ArgumentParser
private import ServerConfiguration

/// The exit codes, as `cryptsftp help` shows them; scripts rely on them.
enum ExitStatus: Int32, CaseIterable {
    case success = 0
    case failure = 1
    case usage = 2
    case noConfiguration = 10
    case badConfiguration = 11
    case wrongPassphrase = 12
    case noGnuPG = 13
    case addressUnavailable = 14
    case dataUnavailable = 15
    case inUse = 16
    case unconfirmedKey = 17
    case storedWrong = 26
    case leftAlone = 27
    case noSuchPath = 28
    case interrupted = 130

    private var meaning: String {
        switch self {
        case .success: "done"
        case .failure: "failed, for a reason that has no code of its own"
        case .usage: "the command line is wrong"
        case .noConfiguration: "there is no server.conf yet"
        case .badConfiguration: "server.conf has an error"
        case .wrongPassphrase: "the passphrase is wrong, too short, or was not given"
        case .noGnuPG: "gpg is missing, too old, or failed"
        case .addressUnavailable: "cannot listen on the address or port"
        case .dataUnavailable: "the data directory is missing or cannot be read"
        case .inUse: "the user is logged in, or another command is running: try again later"
        case .unconfirmedKey: "a key, or the vault, is not the one that was confirmed or trusted: nothing was done"
        case .storedWrong: "a stored file is damaged, or the vault has a problem: see the lines above"
        case .leftAlone: "a file was skipped, because it differs or cannot be stored: see the lines above"
        case .noSuchPath: "there is no such file or directory"
        case .interrupted: "interrupted by the user"
        }
    }

    /// The table of all codes, for the help.
    static let table =
        "EXIT CODES:\n"
        + allCases.map { status in
            let code = String(status.rawValue)
            return "  \(code)\(String(repeating: " ", count: 6 - code.count))\(status.meaning)"
        }.joined(separator: "\n")

    /// The code for an error, whatever module has thrown it.
    init(for error: any Error) {
        if let problem = error as? Problem {
            self = problem.status
            return
        }
        self =
            switch FailureCause(of: error) {
            case .userError(let reason): ExitStatus(reason)
            case .configuration: .badConfiguration
            case .wrongPassphrase: .wrongPassphrase
            case .gnupg: .noGnuPG
            case .interrupted: .interrupted
            case .other: .failure
            }
    }

    private init(_ reason: UserError.Reason) {
        self =
            switch reason {
            case .request: .failure
            case .unclear: .usage
            case .noData: .dataUnavailable
            case .noPath: .noSuchPath
            case .inUse: .inUse
            case .passphrase: .wrongPassphrase
            case .unconfirmedKey: .unconfirmedKey
            case .interrupted: .interrupted
            }
    }
}
