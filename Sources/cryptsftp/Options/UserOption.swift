internal import ArgumentParser

/// The option that tells whose files a command works on.
struct UserOption: ParsableArguments {
    @Option(help: "The user whose files these are. (default: the only user, or the user whose home the path is in)")
    var user: String?
}
