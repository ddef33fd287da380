/// A reply.
///
/// DATA has no case, because ``SFTPSession`` writes it straight into the output.
///
/// Source: draft-ietf-secsh-filexfer-02, section 7.
package enum Response {
    case ok
    case failed(FileSystemError)
    case handle(Handle)
    case names([DirectoryEntry])
    case attributes(FileAttributes)
    case statistics(FileSystemStatistics)
    case limits
    /// An EXTENDED_REPLY with the fields of one extension.
    case extended([UInt8])

    /// Appends the whole packet that answers request `id`.
    package func append(to output: inout [UInt8], id: UInt32) {
        switch self {
        case .ok: Response.appendStatus(0, "", to: &output, id: id)
        case .failed(let error): Response.appendStatus(error.code, error.message, to: &output, id: id)
        case .handle(let handle):
            output.appendPacket(.handle) {
                $0.append(uint32: id)
                handle.append(to: &$0)
            }
        case .names(let entries):
            output.appendPacket(.name) {
                $0.append(uint32: id)
                $0.append(uint32: UInt32(truncatingIfNeeded: entries.count))
                for entry in entries {
                    $0.append(string: entry.name)
                    $0.append(string: entry.longName)
                    entry.attributes.append(to: &$0)
                }
            }
        case .attributes(let attributes):
            output.appendPacket(.attributes) {
                $0.append(uint32: id)
                attributes.append(to: &$0)
            }
        case .statistics(let statistics):
            output.appendPacket(.extendedReply) {
                $0.append(uint32: id)
                statistics.append(to: &$0)
            }
        case .extended(let fields):
            output.appendPacket(.extendedReply) {
                $0.append(uint32: id)
                $0.append(contentsOf: fields)
            }
        case .limits:
            output.appendPacket(.extendedReply) {
                $0.append(uint32: id)
                $0.append(uint64: UInt64(Limits.packetLength))
                $0.append(uint64: UInt64(Limits.dataLength))
                $0.append(uint64: UInt64(Limits.dataLength))
                $0.append(uint64: UInt64(Limits.handles))
            }
        }
    }

    /// Appends a STATUS with an empty language tag.
    private static func appendStatus(_ code: UInt32, _ message: String, to output: inout [UInt8], id: UInt32) {
        output.appendPacket(.status) {
            $0.append(uint32: id)
            $0.append(uint32: code)
            $0.append(string: message.utf8)
            $0.append(string: [])
        }
    }
}
