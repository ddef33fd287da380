private import Foundation

/// A GnuPG that protects keys by a passphrase that is stretched little, whatever the program asks it for.
///
/// The program has a passphrase stretched over 512 MiB (S2K), which takes seconds with each key that is made or
/// changed. Only tests of that need to wait for it.
package enum QuickGnuPG {
    /// What the environment of a program is to have that makes or changes keys.
    package static let environment = ["PATH": search]

    /// The directories of programs, with this GnuPG first.
    static let search: String = {
        let search = GnuPGWrapper.search
        return (try? GnuPGWrapper(in: TestVaults.directory.appending(path: "quick-gnupg"), over: search))
            .map { "\($0.directory.path):\(search)" } ?? search
    }()
}
