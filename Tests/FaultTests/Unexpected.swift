/// What keeps a test from going on.
struct Unexpected: Error, CustomStringConvertible {
    let description: String
}
