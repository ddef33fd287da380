/// Names on the disk: a file `name` is stored as `name.gpg`, a directory keeps its name.
///
/// A name that the file system cannot hold is written in another ``NameForm``.
package enum StoredName {
    /// The kind of object that has a name, which decides on the suffix.
    package enum Kind {
        case directory
        case file
        /// The part of an interrupted upload that has arrived: a complete message, but not the complete file.
        case partial

        fileprivate var suffix: [UInt8] {
            switch self {
            case .directory: []
            case .file: StoredName.suffix
            case .partial: StoredName.suffix + StoredName.partialSuffix
            }
        }
    }

    static let suffix = Array(".gpg".utf8)
    private static let partialSuffix = Array(".part".utf8)

    /// The name of the drafts directory, at the top of the data directory.
    ///
    /// Clients cannot use it.
    static let drafts = Array(".cryptsftp-drafts".utf8)

    /// The name in one form.
    package static func stored(_ name: [UInt8], _ kind: Kind, _ form: NameForm = .plain) -> [UInt8] {
        form.escaped(name, isDirectory: kind == .directory) + kind.suffix
    }

    /// All names under which an object may be stored: the most likely one first, each once.
    package static func candidates(_ name: [UInt8], _ kind: Kind) -> Candidates { Candidates(name, kind) }

    /// Names that are made one after the other, because the first is nearly always the right one.
    package struct Candidates: Sequence, IteratorProtocol {
        private let name: [UInt8]
        private let kind: Kind
        private var forms = NameForm.all[...]
        private var seen: [[UInt8]] = []

        fileprivate init(_ name: [UInt8], _ kind: Kind) {
            self.name = name
            self.kind = kind
        }

        package mutating func next() -> [UInt8]? {
            // A name that is not the escaped form of another one is most likely stored as it is.
            if seen.isEmpty, NameForm.unescaped(name, isDirectory: kind == .directory) == name {
                return unseen(name + kind.suffix)
            }
            while let form = forms.popFirst() {
                if let candidate = unseen(stored(name, kind, form)) { return candidate }
            }
            return nil
        }

        private mutating func unseen(_ candidate: [UInt8]) -> [UInt8]? {
            guard !seen.contains(candidate) else { return nil }
            seen.append(candidate)
            return candidate
        }
    }

    /// The name by which its owner calls a stored file; nil for a name that is not that of a stored file.
    package static func virtual(_ stored: [UInt8]) -> [UInt8]? {
        isStored(stored) ? NameForm.unescaped(Array(stored.dropLast(suffix.count)), isDirectory: false) : nil
    }

    /// The name by which its owner calls a partial; nil for a name that is not that of a partial.
    static func virtualOfPartial(_ stored: [UInt8]) -> [UInt8]? {
        isPartial(stored) ? virtual(Array(stored.dropLast(partialSuffix.count))) : nil
    }

    /// The name by which all clients call a directory.
    package static func virtualOfDirectory(_ stored: [UInt8]) -> [UInt8] {
        NameForm.unescaped(stored, isDirectory: true)
    }

    /// Whether a name on the disk is that of a stored file.
    static func isStored(_ name: some BidirectionalCollection<UInt8>) -> Bool {
        name.count > suffix.count && name.suffix(suffix.count).elementsEqual(suffix)
    }

    /// Whether a name on the disk is that of a partial.
    static func isPartial(_ name: [UInt8]) -> Bool {
        name.count > partialSuffix.count && name.suffix(partialSuffix.count).elementsEqual(partialSuffix)
            && isStored(name.dropLast(partialSuffix.count))
    }

    /// Whether a name is that of the drafts directory, in upper or lower case: no client may use it.
    static func isReserved(_ name: [UInt8]) -> Bool {
        name.count == drafts.count && zip(name, drafts).allSatisfy { $0 | 0x20 == $1 | 0x20 }
    }
}
