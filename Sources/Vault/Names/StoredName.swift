/// Names on the disk: a file `name` is stored as `name.gpg`, a directory keeps its name.
///
/// Where the file system cannot hold that, it is written in another ``NameForm``.
package enum StoredName {
    /// What a name stands for, and is followed by.
    package enum Kind {
        case directory
        case file
        /// What has arrived of an upload that was cut off: a whole message, too, but not the whole file.
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

    /// The directory for drafts, at the top of the data directory.
    ///
    /// No client can name it.
    static let drafts = Array(".cryptsftp-drafts".utf8)

    /// The name in one form.
    package static func stored(_ name: [UInt8], _ kind: Kind, _ form: NameForm = .plain) -> [UInt8] {
        form.escaped(name, isDirectory: kind == .directory) + kind.suffix
    }

    /// All names under which something may be stored; the likeliest first, and none twice.
    package static func candidates(_ name: [UInt8], _ kind: Kind) -> Candidates { Candidates(name, kind) }

    /// Names made one after the other: mostly the first is there.
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
            // A name that no form would write like this stands for itself.
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

    /// The name a stored file has for its owner, or nil for one that is not a stored file.
    package static func virtual(_ stored: [UInt8]) -> [UInt8]? {
        isStored(stored) ? NameForm.unescaped(Array(stored.dropLast(suffix.count)), isDirectory: false) : nil
    }

    /// The name a partial has for its owner, or nil for what is not one.
    static func virtualOfPartial(_ stored: [UInt8]) -> [UInt8]? {
        isPartial(stored) ? virtual(Array(stored.dropLast(partialSuffix.count))) : nil
    }

    /// The name a directory has for everybody.
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

    /// Whether clients may not use the name: that of the drafts directory, which some file systems find in any case.
    static func isReserved(_ name: [UInt8]) -> Bool {
        name.count == drafts.count && zip(name, drafts).allSatisfy { $0 | 0x20 == $1 | 0x20 }
    }
}
