/// A property that did not hold for an input.
package struct FuzzFailure: Error, CustomStringConvertible {
    package let description: String
}

/// Throws a ``FuzzFailure`` when a property does not hold.
func require(_ holds: Bool, _ what: @autoclosure () -> String) throws(FuzzFailure) {
    if !holds { throw FuzzFailure(description: what()) }
}
