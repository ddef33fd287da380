extension [UInt8] {
    /// The bytes that hexadecimal digits stand for; anything else in the text is skipped.
    package init(hex: String) {
        let digits = hex.compactMap { $0.hexDigitValue.map(UInt8.init) }
        self = stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
