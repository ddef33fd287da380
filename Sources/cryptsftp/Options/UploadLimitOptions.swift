internal import ArgumentParser
internal import ServerConfiguration

/// The options of `user add` and `user set` about logins that are not the owner's.
struct UploadLimitOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Logins other than the owner's add nothing once the user's files take so many MB. 0: no limit.",
            valueName: "n"))
    var maxMegabytes: Int?

    @Option(
        help: ArgumentHelp(
            "They add nothing once there are so many files and directories. 0: no limit.", valueName: "n"))
    var maxFiles: Int?

    @Option(help: ArgumentHelp("They make no more levels of directories. (default: 32)", valueName: "n"))
    var maxDepth: Int?

    @Option(
        help: """
            What an upload by public key does when there is a file of that name. keep: the older file stays beside it, \
            under a name with its time. refuse: it fails.
            """)
    var onExists: Account.OnExists?

    /// Whether one of the options was given.
    var isGiven: Bool { maxMegabytes != nil || maxFiles != nil || maxDepth != nil || onExists != nil }

    func validate() throws {
        for (name, value, range) in [
            ("--max-megabytes", maxMegabytes, 0...Account.megabytes.upperBound),
            ("--max-files", maxFiles, 0...Account.files.upperBound), ("--max-depth", maxDepth, Account.depths),
        ] {
            guard let value, !range.contains(value) else { continue }
            throw ValidationError("\(name) takes \(range.lowerBound) to \(range.upperBound)")
        }
    }

    var limits: UploadLimits {
        UploadLimits(maxMegabytes: maxMegabytes, maxFiles: maxFiles, maxDepth: maxDepth, onExists: onExists)
    }
}

extension Account.OnExists: ExpressibleByArgument {}
