extension Duration {
    /// Whole milliseconds, as `poll` and libssh take them; what an `Int32` cannot hold is cut off.
    package var milliseconds: Int32 { Int32(clamping: Int64(clamping: self / .milliseconds(1))) }
}

extension Int64 {
    /// The whole part of a number, cut off where it does not fit.
    fileprivate init(clamping value: Double) {
        self = Int64(exactly: value.rounded(.towardZero)) ?? (value < 0 ? .min : .max)
    }
}
