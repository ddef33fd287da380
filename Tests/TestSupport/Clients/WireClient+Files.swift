package import Foundation
package import SFTP

/// Whole files, as most clients send and fetch them.
extension WireClient {
    /// The WRITE requests that send `contents` from `offset` on, 32 KiB each.
    package static func writes(_ handle: Handle, _ contents: Data, at offset: UInt64 = 0) -> [[UInt8]] {
        stride(from: 0, to: contents.count, by: 32768).map { start in
            RequestWriter.write(
                handle, at: offset + UInt64(start), Array(contents.dropFirst(start).prefix(32768)))
        }
    }

    /// Uploads a file, whatever the replies to its WRITEs are.
    ///
    /// - Returns: the reply to the CLOSE, or to the OPEN when that is refused; nil when the connection ended.
    package func upload(
        _ path: String, _ contents: Data, _ flags: OpenFlags = [.write, .create, .truncate]
    ) throws -> Reply? {
        let opened = try ask(RequestWriter.open(path, flags))
        guard case .handle(let handle)? = opened else { return opened }
        let requests = WireClient.writes(handle, contents) + [RequestWriter.onHandle(.close, handle)]
        let replies = try ask(all: requests)
        return replies.count == requests.count ? replies.last : nil
    }

    /// Downloads a file from its start to its end.
    ///
    /// - Returns: its bytes; nil when anything but bytes and the end of the file came.
    package func download(_ path: String) throws -> Data? {
        guard let handle = try open(path, .read) else { return nil }
        var contents = Data()
        while true {
            switch try ask(RequestWriter.read(handle, at: UInt64(contents.count), 32768)) {
            case .data(let bytes)?: contents += bytes
            case .status(1, _)?:
                return try ask(RequestWriter.onHandle(.close, handle)) == .ok ? contents : nil
            default:
                _ = try ask(RequestWriter.onHandle(.close, handle))
                return nil
            }
        }
    }

    /// The names in a directory, without `.` and `..`.
    package func names(in path: String) throws -> Set<String> {
        guard case .handle(let handle)? = try ask(RequestWriter.onPaths(.opendir, path)) else { return [] }
        var names: Set<String> = []
        while case .names(let entries)? = try ask(RequestWriter.onHandle(.readdir, handle)) {
            names.formUnion(entries.map { String(decoding: $0.name, as: UTF8.self) })
        }
        _ = try ask(RequestWriter.onHandle(.close, handle))
        return names.subtracting([".", ".."])
    }
}
