/// The reason why a request failed: one case for each status code of SFTP version 3.
///
/// The text goes to the client, and most clients show it. It says what is wrong and, where possible, what to do.
///
/// Source: draft-ietf-secsh-filexfer-02, section 7.
package enum FileSystemError: Error, Equatable, Sendable {
    /// There are no more bytes or names; for READ and READDIR only.
    case endOfFile
    /// The file, or a directory on the way to it, does not exist or is hidden from this session.
    case noSuchFile(String)
    /// The session may not do that.
    case permissionDenied(String)
    /// An error without a code of its own: the file exists already, the disk is full, the stored file is damaged.
    case failure(String)
    /// The fields of the packet are malformed.
    case badMessage(String)
    /// This server does not offer the request, or this use of it.
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

    /// The text that is sent with the code.
    package var message: String {
        switch self {
        case .endOfFile: "end of file"
        case .noSuchFile(let text), .permissionDenied(let text), .failure(let text), .badMessage(let text),
            .unsupported(let text):
            text
        }
    }
}
