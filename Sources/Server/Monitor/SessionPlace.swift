internal import SFTP
internal import SSHTransport
internal import ServerConfiguration
internal import Vault

/// The directory that a login gets as its root.
enum SessionPlace {
    /// Opens it: the account's home, or for a visit the directory that the listener has made in it.
    ///
    /// The listener is told, and tells, what the login is for its books.
    ///
    /// - Parameter data: the data directory.
    /// - Throws: ``SSHTransport/SSHError`` with the listener's reason when it admits no visit.
    static func open(_ admission: Login.Admitted, in data: Directory, _ link: ListenerLink) throws -> Directory {
        let account = admission.account
        let home = try data.directory(VirtualPath(parsing: account.home.utf8), mounts: .enter)
        switch admission.credential {
        case .owner: return home
        case .key(let fingerprint):
            guard case .done? = link.ask(.key(account: account.name, fingerprint: fingerprint)) else {
                throw SSHError("the server is stopping")
            }
            return home
        case .password(let hash):
            switch link.ask(.visit(account: account.name, password: hash)) {
            case .visit(let name, let identity)?:
                let directory = try home.directory(VirtualPath.root.appending(name))
                guard try directory.identity() == identity else {
                    throw SSHError("the visit's directory was exchanged")
                }
                return directory
            case .refused(let reason)?: throw SSHError(reason)
            default: throw SSHError("the server is stopping")
            }
        }
    }
}

extension View.OnExists {
    /// The account's setting `on_exists`.
    init(_ setting: Account.OnExists) {
        self =
            switch setting {
            case .keep: .keep
            case .refuse: .refuse
            }
    }
}
