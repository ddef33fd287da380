/// The flags of OPEN.
///
/// Source: draft-ietf-secsh-filexfer-02, section 6.3.
package struct OpenFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    package static let read = OpenFlags(rawValue: 1)
    package static let write = OpenFlags(rawValue: 2)
    package static let append = OpenFlags(rawValue: 4)
    package static let create = OpenFlags(rawValue: 8)
    package static let truncate = OpenFlags(rawValue: 16)
    package static let exclusive = OpenFlags(rawValue: 32)
}
