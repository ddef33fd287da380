private import Foundation

/// The directory with all that runs the program where nothing is installed, if it was started from one.
///
/// The launcher names it in `CRYPTSFTP_BUNDLE`: the program itself is run by the bundle's loader, and is not what
/// `/proc/self/exe` names.
package struct PortableBundle {
    private let directory: String

    /// The bundle in use; nil for a program that the system runs.
    package static var current: PortableBundle? {
        guard let directory = ProcessInfo.processInfo.environment[variable], !directory.isEmpty else { return nil }
        return PortableBundle(directory: directory)
    }

    /// The name of the environment's variable.
    package static let variable = "CRYPTSFTP_BUNDLE"

    /// What runs this program once more.
    ///
    /// - Parameter arguments: for the program.
    /// - Returns: a path to execute, and all arguments from the first on.
    package static func command(_ arguments: [String]) -> (path: String, arguments: [String]) {
        guard let directory = current?.directory else { return ("/proc/self/exe", ["cryptsftp"] + arguments) }
        let loader = ["ld.so", "--argv0", "cryptsftp", "--library-path", "\(directory)/lib", "\(directory)/cryptsftp"]
        return ("\(directory)/lib/ld.so", loader + arguments)
    }

    /// One of the programs of GnuPG in the bundle; nil when it has none.
    package func program(_ name: String) -> String? {
        let path = "\(directory)/\(name)"
        return access(path, X_OK) == 0 ? path : nil
    }
}
