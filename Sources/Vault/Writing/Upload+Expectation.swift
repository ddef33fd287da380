extension Upload {
    /// What CLOSE expects to have the file's name, and what it does when that is something else.
    enum Expectation {
        /// An existing file is replaced: OPEN with TRUNC, or after a rename that replaces.
        case replaceAny
        /// No file: OPEN without TRUNC and EXCL found none. A file that another session has stored since is a conflict.
        case nothingThere
        /// No file: OPEN with EXCL. As ``nothingThere``, and a size does not change that.
        case exclusive
        /// No file: OPEN with EXCL and TRUNC, or EXCL and then a size. The file system refuses an existing name.
        case exclusiveTruncated
        /// The version that OPEN without TRUNC found. Another one is a conflict if bytes of this one are kept.
        case version(BaseVersion)
        /// The name was removed: CLOSE stores nothing.
        case discarded(BaseVersion?)

        init(_ base: BaseVersion?, truncates: Bool, isExclusive: Bool) {
            if let base {
                self = .version(base)
            } else if isExclusive {
                self = truncates ? .exclusiveTruncated : .exclusive
            } else {
                self = truncates ? .replaceAny : .nothingThere
            }
        }

        /// The version that the upload began from.
        var base: BaseVersion? {
            switch self {
            case .version(let base): base
            case .discarded(let base): base
            case .replaceAny, .nothingThere, .exclusive, .exclusiveTruncated: nil
            }
        }

        var isDiscarded: Bool { if case .discarded = self { true } else { false } }

        /// Whether an existing file stays even if the session may replace it.
        var isExclusive: Bool {
            switch self {
            case .exclusive, .exclusiveTruncated: true
            case .replaceAny, .nothingThere, .version, .discarded: false
            }
        }

        /// Follows a size that the client has set: it means the whole file, as TRUNC does.
        mutating func setSize() {
            switch self {
            case .nothingThere: self = .replaceAny
            case .exclusive: self = .exclusiveTruncated
            case .replaceAny, .exclusiveTruncated, .version, .discarded: break
            }
        }

        /// Follows a rename of the open file that may replace a file of the new name.
        mutating func renameReplacing() {
            switch self {
            case .nothingThere, .exclusive, .exclusiveTruncated: self = .replaceAny
            case .replaceAny, .version, .discarded: break
            }
        }

        mutating func discard() { self = .discarded(base) }
    }
}
