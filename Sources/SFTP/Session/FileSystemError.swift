/// Why a request was not carried out: one case for each status code of SFTP version 3.
///
/// The text goes to the client, and most clients show it: it says what is wrong and, where there is something to do,
/// what.
///
/// Source: draft-ietf-secsh-filexfer-02, section 7.
package enum FileSystemError: Error, Equatable, Sendable {
    /// No more bytes or names. Only READ and READDIR end so.
    case endOfFile
    /// The file, or a directory on the way to it, does not exist or is not to be seen.
    case noSuchFile(String)
    /// It exists, and this session may not.
    case permissionDenied(String)
    /// Everything that has no code of its own: exists already, not empty, disk full, damaged.
    case failure(String)
    /// The packet is framed well and its contents are not.
    case badMessage(String)
    /// A request, or a use of one, that this server does not offer.
    case unsupported(String)

    /// The status code on the wire.
    package var code: UInt32 {
        switch self {
        case .endOfFile: 1
        case .noSuchFile: 2
        case .permissionDenied: 3
        case .failure: 4
        case .badMessage: 5
        case .unsupported: 8
        }
    }

    /// The sentence that goes with the code.
    package var message: String {
        switch self {
        case .endOfFile: "end of file"
        case .noSuchFile(let text), .permissionDenied(let text), .failure(let text), .badMessage(let text),
            .unsupported(let text):
            text
        }
    }
}
