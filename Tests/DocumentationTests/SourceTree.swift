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

    /// Read once for all tests.
    static let shared = Result { try SourceTree() }

    let files: [File]

    private init() throws {
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

    /// The names of the types that a text declares or extends; `extension [UInt8]` extends `Array`.
    static func declared(in text: String) -> Set<String> {
        let code = text.split(separator: "\n").filter { !$0.trimmingCharacters(in: .whitespaces).hasPrefix("//") }
        var names: Set<String> = []
        for line in code {
            for match in line.matches(
                of: /\b(?:struct|class|enum|protocol|actor|typealias|extension)\s+([A-Za-z_][\w.]*|\[)/)
            {
                let name = match.output.1 == "[" ? "Array" : String(match.output.1)
                names.formUnion([name, String(name.split(separator: ".").last ?? "")])
            }
        }
        return names
    }
}
