import FuzzSupport
import SFTP
import TestSupport

/// Requests as a client could send them, with fields that none would: whole packets, so that what is behind the codec
/// is reached.
struct RandomRequests {
    private var mutation: Mutation
    private let paths: [String]
    private let offsets: [UInt64]
    private let handle: (inout Mutation) -> [UInt8]

    /// - Parameters:
    ///   - paths: that occur, and that other files are put beside.
    ///   - isReal: whether a file as long as it can be would really be made.
    ///   - handle: makes the bytes of a handle.
    init(
        _ random: SeededNumbers, paths: [String], isReal: Bool = false,
        handle: @escaping (inout Mutation) -> [UInt8]
    ) {
        mutation = Mutation(random)
        self.paths = paths
        offsets = Self.offsets.filter { !isReal || $0 <= 1 << 20 || $0 >= 1 << 63 }
        self.handle = handle
    }

    private static let offsets: [UInt64] = [0, 1, 255, 700, 32768, 65535, 1 << 20, 1 << 31, 1 << 32, 1 << 63, .max]
    private static let lengths: [UInt32] = [0, 1, 256, 700, 32768, 1 << 18, 1 << 31, .max]
    private static let extensions = ExtendedRequest.offered.map(\.name) + ["hardlink@openssh.com", ""]
    private static let types: [PacketType] = [
        .open, .close, .read, .write, .lstat, .fstat, .setstat, .fsetstat, .opendir, .readdir, .remove, .mkdir, .rmdir,
        .realpath, .stat, .rename, .readlink, .symlink, .extended,
    ]

    /// A request whose every field is well-formed.
    mutating func next(id: UInt32) -> [UInt8] {
        let type = mutation.number(3) == 0 ? mutation.one(of: [.open, .read, .write]) : mutation.one(of: Self.types)
        return RequestWriter.request(type, id: id) { packet in
            switch type {
            case .open:
                packet.append(string: path())
                packet.append(uint32: UInt32(mutation.number(64)))
                attributes().append(to: &packet)
            case .read, .write:
                packet.append(string: handle(&mutation))
                packet.append(uint64: offset())
                if type == .read {
                    packet.append(uint32: mutation.one(of: Self.lengths))
                } else {
                    packet.append(string: mutation.randomBytes(mutation.one(of: [0, 1, 100, 4000])))
                }
            case .close, .fstat, .readdir: packet.append(string: handle(&mutation))
            case .fsetstat:
                packet.append(string: handle(&mutation))
                attributes().append(to: &packet)
            case .setstat, .mkdir:
                packet.append(string: path())
                attributes().append(to: &packet)
            case .extended: extended(&packet)
            default: for _ in 0..<2 { packet.append(string: path()) }
            }
        }
    }

    private mutating func extended(_ packet: inout [UInt8]) {
        let name = mutation.one(of: Self.extensions)
        packet.append(string: name.utf8)
        switch name {
        case "copy-data":
            packet.append(string: handle(&mutation))
            packet.append(uint64: offset())
            packet.append(uint64: offset())
            packet.append(string: handle(&mutation))
            packet.append(uint64: offset())
        case "check-file", "check-file-name", "check-file-handle":
            packet.append(string: name == "check-file-name" ? path() : handle(&mutation))
            packet.append(string: mutation.one(of: ["short", "md5", "none,sha256,long", ""]).utf8)
            packet.append(uint64: offset())
            packet.append(uint64: offset())
            packet.append(uint32: mutation.one(of: [0, 1, 255, 256, .max]))
        case "fstatvfs@openssh.com", "fsync@openssh.com": packet.append(string: handle(&mutation))
        default:
            for _ in 0..<2 { packet.append(string: path()) }
            attributes().append(to: &packet)
        }
    }

    private mutating func path() -> [UInt8] {
        switch mutation.number(12) {
        case 0: mutation.randomBytes(mutation.number(300))
        case 1: Array(repeating: Array("/x".utf8), count: mutation.number(2100)).flatMap(\.self)
        case 2: Array("/\(mutation.number(20))".utf8)
        case 3: Array("\(mutation.one(of: paths))/../\(mutation.one(of: paths))".utf8)
        default: Array(mutation.one(of: paths).utf8)
        }
    }

    private mutating func offset() -> UInt64 {
        mutation.one(of: offsets) &- UInt64(mutation.number(3))
    }

    private mutating func attributes() -> FileAttributes {
        FileAttributes(
            size: mutation.number(4) == 0 ? offset() : nil,
            owner: mutation.number(4) == 0 ? .init(user: .max, group: 0) : nil,
            permissions: mutation.number(3) == 0 ? UInt32(mutation.number(1 << 17)) : nil,
            times: mutation.number(4) == 0 ? .init(access: .max, modification: 1) : nil)
    }
}
