import Foundation
import TestSupport

/// The Swift files of this checkout.
struct SourceTree {
    struct File: CustomStringConvertible {
        /// Relative to the checkout.
        let path: String
        let text: String

        /// The file's name without `.swift` and without what follows a plus sign.
        var stem: String {
            let name = URL(filePath: path).deletingPathExtension().lastPathComponent
            return String(name.prefix { $0 != "+" })
        }

        var directory: String { URL(filePath: path, relativeTo: nil).deletingLastPathComponent().relativePath }
        var description: String { path }
    }

    let files: [File]

    init() throws {
        var files: [File] = []
        for root in ["Sources", "Tests"] {
            let top = Checkout.top.appending(path: root)
            for name in try FileManager.default.subpathsOfDirectory(atPath: top.path) where name.hasSuffix(".swift") {
                let text = try String(contentsOf: top.appending(path: name), encoding: .utf8)
                files.append(File(path: "\(root)/\(name)", text: text))
            }
        }
        self.files = files.sorted { $0.path < $1.path }
    }

    /// The names that the files declare as types, and those that they extend.
    static func declared(in text: String) -> Set<String> {
        let pattern = /(?m)^\s*(?:@?[a-z]+(?:\([a-z]+\))?\s+)*(?:struct|class|enum|protocol|actor|typealias|extension)\s+([A-Za-z_][\w.]*)/
        return Set(text.matches(of: pattern).flatMap { match in
            let name = String(match.output.1)
            return [name, String(name.split(separator: ".").last ?? "")]
        })
    }
}
