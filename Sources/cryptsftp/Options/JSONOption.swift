internal import ArgumentParser

/// The flag that makes output readable for programs.
struct JSONOption: ParsableArguments {
    @Flag(help: "Print lines of JSON, one object on each.")
    var json = false
}
