/// The address of the setting `listen` and the option `--listen`.
package struct ListenAddress: Sendable, Equatable {
    package let host: String
    package let port: UInt16

    package static let standard = ListenAddress(host: "127.0.0.1", port: 2200)

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Parses `ADDRESS:PORT`; an IPv6 address is in brackets.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.init(host: String(host), port: port)
    }
}
