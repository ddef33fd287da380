/// One name of a NAME reply, with its attributes.
package struct DirectoryEntry: Equatable, Sendable {
    package var name: [UInt8]
    /// The line of `ls -l`, from which psftp and FileZilla read owner, size and date.
    package var longName: [UInt8]
    package var attributes: FileAttributes

    package init(name: [UInt8], longName: [UInt8], attributes: FileAttributes) {
        self.name = name
        self.longName = longName
        self.attributes = attributes
    }

    /// A NAME with nothing but the name, as REALPATH answers.
    static func bare(_ name: [UInt8]) -> DirectoryEntry {
        DirectoryEntry(name: name, longName: name, attributes: FileAttributes())
    }
}
