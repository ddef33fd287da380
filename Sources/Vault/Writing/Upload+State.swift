internal import SFTP

extension Upload {
    /// How far what was written is stored.
    enum State {
        /// Everything is stored. Follows on ``dirty``, by CLOSE; the first state of a file opened without TRUNC.
        case clean
        /// Something is not stored. Follows on ``clean``, by WRITE or a size; the first state of a new file.
        ///
        /// The last writer has ended without a CLOSE if an upload that is not discarded is dirty without a handle:
        /// a CLOSE makes it clean or failed.
        case dirty
        /// A call has failed, and all later ones fail with the same error. Follows on ``clean`` and ``dirty``; the last
        /// state.
        ///
        /// - Parameter unsaved: whether the state would be dirty without the error.
        case failed(FileSystemError, unsaved: Bool)

        var isUnsaved: Bool {
            switch self {
            case .clean: false
            case .dirty: true
            case .failed(_, let unsaved): unsaved
            }
        }

        var failure: FileSystemError? { if case .failed(let error, _) = self { error } else { nil } }

        mutating func write() {
            switch self {
            case .clean, .dirty: self = .dirty
            case .failed(let error, _): self = .failed(error, unsaved: true)
            }
        }

        mutating func fail(_ error: FileSystemError) {
            if failure == nil { self = .failed(error, unsaved: isUnsaved) }
        }
    }
}
