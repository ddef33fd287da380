internal import SFTP
internal import Vault

/// The fields of events, questions and answers, beyond those of SFTP.
extension PacketReader {
    mutating func text() throws(FileSystemError) -> String { String(decoding: try string(), as: UTF8.self) }

    mutating func identity() throws(FileSystemError) -> FileIdentity {
        FileIdentity(
            device: try uint64(), inode: try uint64(), seconds: Int(Int64(bitPattern: try uint64())),
            nanoseconds: Int(Int64(bitPattern: try uint64())))
    }

    mutating func usage() throws(FileSystemError) -> Usage { Usage(bytes: try uint64(), objects: try uint64()) }

    /// Reads a byte that says whether a field follows, and the field.
    mutating func optional<Field>(
        _ read: (inout PacketReader) throws(FileSystemError) -> Field
    ) throws(FileSystemError) -> Field? {
        switch try byte() {
        case 0: nil
        case 1: try read(&self)
        default: throw .badMessage("neither a field nor none")
        }
    }
}

extension [UInt8] {
    mutating func append(_ object: FileIdentity) {
        append(uint64: object.device)
        append(uint64: object.inode)
        append(uint64: UInt64(bitPattern: Int64(object.seconds)))
        append(uint64: UInt64(bitPattern: Int64(object.nanoseconds)))
    }

    mutating func append(_ amount: Usage) {
        append(uint64: amount.bytes)
        append(uint64: amount.objects)
    }

    /// Appends a byte that says whether a field follows, and the field.
    mutating func append<Field>(_ field: Field?, _ write: (inout [UInt8], Field) -> Void) {
        append(field == nil ? 0 : 1)
        if let field { write(&self, field) }
    }
}
