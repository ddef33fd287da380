extension [UInt8] {
    /// Reads hexadecimal digits, two for each byte; other characters are skipped.
    package init(hex: String) {
        let digits = hex.compactMap { $0.hexDigitValue.map(UInt8.init) }
        self = stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
