package import Foundation

/// Where the files of this checkout are.
package enum Checkout {
    /// The directory with `Package.swift`.
    package static let top: URL = {
        var directory = URL(filePath: #filePath).deletingLastPathComponent()
        while !FileManager.default.fileExists(atPath: directory.appending(path: "Package.swift").path) {
            precondition(directory.path != "/", "no Package.swift above \(#filePath)")
            directory.deleteLastPathComponent()
        }
        return directory
    }()

    /// The Python of the environment that `bin/test` makes.
    package static let python = path(".build/venv/bin/python3")

    /// - Parameter name: relative to the checkout.
    package static func path(_ name: String) -> String { top.appending(path: name).path }
}
