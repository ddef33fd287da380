internal import Administration
internal import ArgumentParser
internal import Foundation
private import Secrets
internal import ServerConfiguration

/// The options of `user add` and of `-a`.
struct NewUserOptions: ParsableArguments {
    @Option(
        help: "rw: the passphrase opens the files. wo: in addition, anybody may upload files. (default: rw)")
    var access: Account.Access?

    @Option(help: ArgumentHelp("The user's directory in the data directory. (default: the name)", valueName: "dir"))
    var home: String?

    @OptionGroup var limits: UploadLimitOptions

    @Flag(help: "Let the home be another user's too, or lie in it, or have it inside.")
    var shared = false

    @Option(
        help: ArgumentHelp(
            "Take over this key, which is in the user's key directory already, instead of making a new one.",
            valueName: "fingerprint"))
    var key: String?

    @OptionGroup var passphrase: PassphraseOption

    /// Whether one of the options was given.
    var isGiven: Bool {
        access != nil || home != nil || limits.isGiven || shared || key != nil || passphrase.passphraseFile != nil
    }

    private struct Line: Encodable {
        let event = "user_add"
        let user: String
        let key: String
        let configuration: String
    }

    /// Adds the user and prints the key's fingerprint.
    func add(_ name: String, to file: URL, json: Bool = false) throws {
        let user = NewUser(
            name: name, access: access ?? .rw, home: home, limits: limits.limits, isShared: shared, existingKey: key)
        try user.check(against: file)
        // A key that is there has its passphrase already.
        let passphrase =
            try key == nil ? passphrase.newPassphrase(for: name) : passphrase.passphrase(for: name)
        let interruption = Interruption()
        let fingerprint = try user.add(to: file, passphrase: passphrase) { interruption.isDue }
        try Output(interruption, json: json).only(
            Line(user: name, key: fingerprint, configuration: file.path),
            or: "Added \(name) to \(file.path); key \(fingerprint)")
    }
}

extension Account.Access: ExpressibleByArgument {}
