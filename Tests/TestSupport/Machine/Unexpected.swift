/// What keeps a test from going on.
package struct Unexpected: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) {
        self.description = description
    }
}
