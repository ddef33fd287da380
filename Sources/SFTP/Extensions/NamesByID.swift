/// `users-groups-by-id@openssh.com`: the names of users and groups, which OpenSSH's `ls -l` shows in place of
/// the numbers in ``FileAttributes/Owner``.
///
/// Source: OpenSSH's `PROTOCOL`, section 4.13.
package struct NamesByID {
    private let users: [UInt32]
    private let groups: [UInt32]

    /// The most numbers in one request.
    private static let limit = 1024

    /// - Throws: ``FileSystemError/failure(_:)`` for more numbers than ``limit``.
    init(from reader: inout PacketReader) throws(FileSystemError) {
        users = try NamesByID.numbers(in: reader.string())
        groups = try NamesByID.numbers(in: reader.string())
        guard users.count + groups.count <= NamesByID.limit else {
            throw .failure("no more than \(NamesByID.limit) names at once")
        }
    }

    private static func numbers(in list: ArraySlice<UInt8>) throws(FileSystemError) -> [UInt32] {
        var reader = PacketReader(list)
        var numbers: [UInt32] = []
        while reader.remaining > 0 { numbers.append(try reader.uint32()) }
        return numbers
    }

    /// The fields of the reply: a list of names of users and one of groups, each as one string.
    ///
    /// A number that is not the session's own gets an empty name.
    func reply(owner: FileAttributes.Owner, name: String) -> [UInt8] {
        var reply: [UInt8] = []
        for (numbers, own) in [(users, owner.user), (groups, owner.group)] {
            var names: [UInt8] = []
            for number in numbers { names.append(string: number == own ? Array(name.utf8) : []) }
            reply.append(string: names)
        }
        return reply
    }
}
