/// The home directory of a session, and the file system it is on.
///
/// It does not change while the session lasts.
final class HomeDirectory {
    /// The root directory of the session.
    let root: Directory
    /// The data directory, which holds the drafts directory.
    let data: Directory
    /// The properties of the file system that both are on.
    let volume: Volume
    let view: View

    init(_ root: Directory, data: Directory, volume: Volume, view: View) {
        self.root = root
        self.data = data
        self.volume = volume
        self.view = view
    }
}
