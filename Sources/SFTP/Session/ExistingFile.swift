/// What happens to a file that has the name already which another is to get.
package enum ExistingFile: Sendable {
    /// It stays, and the call fails.
    case keep
    /// It is replaced in one step.
    case replace
}
