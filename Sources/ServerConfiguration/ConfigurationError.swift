package import Foundation

/// Why a server.conf is refused: the line, if there is one, and the reason.
package struct ConfigurationError: Error, CustomStringConvertible {
    package let description: String

    package init(_ file: URL, line: Int? = nil, _ reason: String) {
        description = "\(file.lastPathComponent):\(line.map { "\($0):" } ?? "") \(reason)"
    }
}
