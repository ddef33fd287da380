extension Duration {
    /// Whole milliseconds, as `poll` and libssh take them, cut off where an `Int32` ends.
    package var milliseconds: Int32 {
        Int32(max(Double(Int32.min), min(Double(Int32.max), self / .milliseconds(1))))
    }
}
