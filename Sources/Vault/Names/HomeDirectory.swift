/// The home directory of a session, and the file system it is on.
///
/// It does not change while the session lasts.
final class HomeDirectory {
    /// The root directory of the session.
    let root: Directory
    /// Where new files are until they are published.
    let drafts: DraftsDirectory
    /// The properties of the file system that both are on.
    let volume: Volume
    let view: View
    /// The books that sessions share; nil where there is no server.
    let ledger: (any Ledger)?
    /// The most names that a path may have; nil without such a limit.
    let mostLevels: Int?
    /// See ``Directory/locked(_:_:)``.
    let pause: () -> Void

    init(
        _ root: Directory, drafts: DraftsDirectory, volume: Volume, view: View, ledger: (any Ledger)?,
        mostLevels: Int?, pause: @escaping () -> Void
    ) {
        self.root = root
        self.drafts = drafts
        self.volume = volume
        self.view = view
        self.ledger = ledger
        self.mostLevels = mostLevels
        self.pause = pause
    }
}
