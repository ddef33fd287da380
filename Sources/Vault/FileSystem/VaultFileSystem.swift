package import OpenPGP
package import SFTP

/// The virtual file system of one session, over stored files.
///
/// Its objects refer to each other in one direction: this class to ``Upload``, both to ``HomeDirectory`` (where things
/// are) and ``MessageStore`` (what is in them). It alone changes the state of the session: the open uploads. All calls
/// come from one thread.
package final class VaultFileSystem {
    package let userName: String
    let home: HomeDirectory
    let store: MessageStore
    let transfers: TransferReports
    /// The files that are being written, by the paths they will have.
    var uploads: [VirtualPath: Upload] = [:]
    /// Whether the server is about to stop: open files can be used until they are closed, others cannot be opened.
    package var isStopping = false
    /// Tells why nobody waits for an answer any more; nil while somebody does.
    package var abandonment: () -> String? = { nil }

    /// - Parameters:
    ///   - drafts: where new files are until they are published.
    ///   - home: the root directory of the session.
    ///   - volume: the file system that both are on.
    ///   - spoolSize: bytes of the disk that files changed in place may use at a time.
    ///   - verifiedFirst: bytes up to which a stored file is verified when it is opened; a larger one is streamed.
    ///   - ledger: what sessions share; nil for a tool, which works without a server.
    ///   - mostLevels: the most names that a path may have in a session that is not the owner's.
    ///   - pause: called around each lock of a directory, for tests.
    ///   - report: gets an event for each file that is opened or closed.
    package init(
        user: String, view: View, drafts: DraftsDirectory, home: Directory, volume: Volume, cryptor: Cryptor,
        spoolSize: UInt64, verifiedFirst: UInt64, ledger: (any Ledger)? = nil, mostLevels: Int? = nil,
        pause: @escaping () -> Void = {}, report: @escaping (TransferEvent) -> Void
    ) {
        userName = user
        self.home = HomeDirectory(
            home, drafts: drafts, volume: volume, view: view, ledger: ledger, mostLevels: mostLevels, pause: pause)
        store = MessageStore(
            cryptor, drafts: drafts, spoolSize: spoolSize, verifiedFirst: verifiedFirst, ledger: ledger)
        transfers = TransferReports(report)
    }

    var view: View { home.view }

    package func continueRequest() throws(FileSystemError) {
        if let reason = abandonment() { throw .failure(reason) }
    }

    /// The size a stored file has for this session, at its path.
    func size(of found: ResolvedPath) throws(FileSystemError) -> UInt64 { try store.size(of: found, view) }
}
