private import GnuPG
internal import Logging
private import OpenPGP
internal import ServerConfiguration

/// What the log says of accounts when the server starts, and after an edit of server.conf.
enum AccountWarnings {
    /// Logs accounts that are not as their passphrases have confirmed them, and homes that two users have in common.
    ///
    /// No passphrase is there: whoever can write a record can make it look right.
    ///
    /// - Parameter accounts: those to look at.
    static func log(_ accounts: [Account], in configuration: Configuration, _ log: Logger) {
        for account in accounts {
            do throws(OpenPGPError) {
                let identity = try KeyDirectory.identity(
                    of: account.key, in: configuration.keyDirectory(of: account.name))
                let finding = AccountConfirmation.compare(account.name, in: configuration, identity)
                guard let warning = finding.warning(about: account.name) else { continue }
                log.warning("not as confirmed", metadata: ["username": "\(account.name)", "reason": "\(warning)"])
            } catch {
                log.warning(
                    "a user's key cannot be read", metadata: ["username": "\(account.name)", "reason": "\(error)"])
            }
        }
        for shared in configuration.sharedHomes
        where accounts.contains(where: { [shared.user, shared.other].contains($0.name) }) {
            log.warning(
                "a home is not one user's alone", metadata: ["reason": "\(shared); 'user set --shared' accepts it"])
        }
    }
}
