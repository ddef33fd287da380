/// Names that are on a disk already, as FAT, exFAT, NTFS and Windows see them.
extension NameForm {
    /// The reason why FAT, exFAT or Windows could not hold a name on a disk as it is; nil when they can.
    package static func obstacle(in stored: [UInt8]) -> String? {
        if stored.contains(where: { $0 < 0x20 || $0 == 0x7f }) { return "it has control characters" }
        if stored.contains(where: isForbidden) { return "it has one of \\ : * ? \" < > |" }
        if stored.last.map(isStripped) == true { return "it ends with a dot or a blank" }
        guard isUTF8(stored) else { return "it is not UTF-8" }
        return isDevice(stored) ? "Windows takes it for a device" : nil
    }

    /// The name in lower case: equal for two names that these file systems do not tell apart.
    package static func folded(_ stored: [UInt8]) -> [UInt8] {
        String(validating: stored, as: UTF8.self).map { Array($0.lowercased().utf8) } ?? stored
    }

    /// The names of devices, which Windows has in every directory, with any extension.
    ///
    /// Source: Microsoft, "Naming Files, Paths, and Namespaces".
    private static let devices: Set<String> = {
        let ports = ["COM", "LPT"].flatMap { port in "123456789¹²³".map { "\(port)\($0)" } }
        return Set(["CON", "PRN", "AUX", "NUL"] + ports)
    }()

    /// Whether Windows takes a name for that of a device.
    static func isDevice(_ name: [UInt8]) -> Bool {
        var base = name.prefix { $0 != UInt8(ascii: ".") }
        while base.last == UInt8(ascii: " ") { base.removeLast() }
        // The shortest is "CON", the longest "COM¹".
        guard (3...5).contains(base.count) else { return false }
        return devices.contains(String(decoding: base, as: UTF8.self).uppercased())
    }
}
