import Foundation
import OpenPGP
import TestSupport
import Testing

extension KeyFixture {
    /// Verifies stored bytes.
    func verified(_ stored: Data) throws -> VerifiedFile? {
        let handle = try FileHandle(forReadingFrom: scratch.file("verified", stored))
        guard let message = try cryptor.verify(handle.fileDescriptor, count: UInt64(stored.count)) else { return nil }
        return VerifiedFile(message: message, file: handle)
    }

    /// Expects that verifying says that the message is damaged.
    func expectDamage(_ stored: Data, _ what: String) {
        #expect("\(what)") {
            _ = try verified(stored)
        } throws: {
            ($0 as? OpenPGPError)?.code == .message
        }
    }
}
