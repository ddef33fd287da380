/// Thrown by an observer to stop an operation, because the user has pressed Ctrl-C.
package struct Interrupted: Error {
    package init() {}
}
