/// Thrown where work was asked to stop, by whoever asks for that.
package struct Interrupted: Error {
    package init() {}
}
