import Foundation
import SFTP
import TestSupport

/// An upload as WinSCP makes it when it may have to be resumed.
///
/// It asks for both names; opens `name.filepart` with the final size; sends CLOSE and SETSTAT before any reply to a
/// WRITE has come; removes the target; renames; and sets times and permissions once more.
struct WinSCPUpload {
    private let client: Interop
    private let wire: WireClient

    init(_ client: Interop, _ wire: WireClient) {
        self.client = client
        self.wire = wire
    }

    func send(_ contents: Data, as path: String) throws {
        let part = path + ".filepart"
        let isThere = try wire.ask(RequestWriter.onPaths(.stat, path))?.code == nil
        try client.require(try wire.ask(RequestWriter.onPaths(.stat, part))?.code == 2, "STAT of .filepart")
        let opening = RequestWriter.open(
            part, [.write, .create, .truncate], FileAttributes(size: UInt64(contents.count)))
        guard case .handle(let handle)? = try wire.ask(opening) else {
            return try client.require(false, "OPEN with a size is refused")
        }
        let attributes = FileAttributes(
            permissions: 0o640, times: .init(access: 1_300_000_000, modification: 1_200_000_000))
        let replies = try wire.ask(
            all: CutOff.writes(handle, contents, from: 0) + [
                RequestWriter.onHandle(.close, handle), RequestWriter.onPath(.setstat, part, attributes),
            ])
        try client.require(replies.allSatisfy { $0 == .ok }, "upload: \(replies.filter { $0 != .ok })")
        let end = try wire.ask(all: [
            RequestWriter.onPaths(.remove, path), RequestWriter.onPaths(.rename, part, path),
            RequestWriter.onPath(.setstat, path, attributes), RequestWriter.onPaths(.lstat, path),
        ])
        try client.require(end.first?.code == (isThere ? 0 : 2), "REMOVE: \(end)")
        try client.require(end.dropFirst().prefix(2).allSatisfy { $0 == .ok }, "RENAME and SETSTAT: \(end)")
        guard case .attributes(let found)? = end.last else { return try client.require(false, "LSTAT: \(end)") }
        try client.require(
            found.size == UInt64(contents.count) && found.times?.modification == 1_200_000_000
                && found.permissions.map { $0 & 0o777 } == 0o640, "attributes: \(found)")
    }
}
