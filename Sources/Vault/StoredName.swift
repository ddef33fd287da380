/// Names on the disk: a file `name` is stored as `name.gpg`, a folder keeps its name.
enum StoredName {
    static let suffix = Array(".gpg".utf8)
    private static let partialSuffix = Array(".part".utf8)

    /// The folder for drafts, at the top of the data folder.
    ///
    /// No client can name it.
    static let drafts = Array(".cryptsftp-drafts".utf8)

    static func file(_ name: [UInt8]) -> [UInt8] { name + suffix }

    /// The name a stored file has for its owner, or nil for one that is not a stored file.
    static func virtual(_ stored: [UInt8]) -> [UInt8]? {
        isStored(stored) ? Array(stored.dropLast(suffix.count)) : nil
    }

    /// The name of what has arrived of an upload that was cut off: a whole message, too, but not the whole file.
    static func partial(_ name: [UInt8]) -> [UInt8] { file(name) + partialSuffix }

    /// The name a partial has for its owner, or nil for what is not one.
    static func virtualOfPartial(_ stored: [UInt8]) -> [UInt8]? {
        stored.count > partialSuffix.count && stored.suffix(partialSuffix.count).elementsEqual(partialSuffix)
            ? virtual(stored.dropLast(partialSuffix.count)) : nil
    }

    /// Whether a name on the disk is that of a stored file.
    static func isStored(_ name: [UInt8]) -> Bool {
        name.count > suffix.count && name.suffix(suffix.count).elementsEqual(suffix)
    }

    /// Whether clients may use the name at all.
    static func isReserved(_ name: [UInt8]) -> Bool { name == drafts }
}
