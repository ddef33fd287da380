internal import ArgumentParser

/// The command `cryptsftp user add NAME`.
struct UserAddCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a user. Users, keys and files that exist are not changed.")

    @Argument(help: "The name: letters, digits, dots, underscores and hyphens, at most 64.")
    var name: String

    @OptionGroup var config: ConfigurationOption
    @OptionGroup var options: NewUserOptions
    @OptionGroup var json: JSONOption

    func run() throws {
        try options.add(name, to: config.locate(), json: json.json)
    }
}
