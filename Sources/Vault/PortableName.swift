/// What FAT, exFAT and Windows make of names.
package enum PortableName {
    private static let forbidden = Set("\\:*?\"<>|".utf8)
    private static let devices: Set<String> = Set(
        ["con", "prn", "aux", "nul"] + (1...9).flatMap { ["com\($0)", "lpt\($0)"] })

    /// Why such a file system could not hold a name on the disk; nil when it can.
    package static func problem(_ name: [UInt8]) -> String? {
        if name.contains(where: forbidden.contains) { return "it has one of \\ : * ? \" < > |" }
        if name.contains(where: { $0 < 0x20 || $0 == 0x7f }) { return "it has control characters" }
        if name.last == UInt8(ascii: ".") || name.last == UInt8(ascii: " ") { return "it ends with a dot or a blank" }
        guard String(validating: name, as: UTF8.self) != nil else { return "it is not UTF-8" }
        let stem = String(decoding: name.prefix { $0 != UInt8(ascii: ".") }, as: UTF8.self).lowercased()
        return devices.contains(stem) ? "Windows takes it for a device" : nil
    }

    /// What two names have in common that such a file system takes for one.
    package static func folded(_ name: [UInt8]) -> [UInt8] {
        String(validating: name, as: UTF8.self).map { Array($0.lowercased().utf8) } ?? name
    }
}
