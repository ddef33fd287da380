/// What happens to a file that has the name which another one gets.
enum Placement: Equatable {
    /// There is none; if there is one after all, it stays, and the call fails.
    case keep
    /// It is replaced in one step.
    case replace
    /// It stays, complete, under another stored name of the same directory.
    case setAside([UInt8])
}
