internal import CGPGME
internal import OpenPGP

/// An error code of gpgme; the part that names the reporting library is ignored.
struct GPGMEError: Equatable {
    private let raw: gpgme_error_t

    /// - Returns: nil for success.
    init?(_ raw: gpgme_error_t) {
        guard raw != 0 else { return nil }
        self.raw = raw
    }

    /// The C function is `gpgme_err_code`.
    var code: gpgme_err_code_t { gpgme_err_code(raw) }

    /// The system's error number for the code, or 0.
    var errno: Int32 { gpgme_err_code_to_errno(code) }

    /// The library's sentence for the code.
    ///
    /// The C function is `gpgme_strerror_r`.
    var text: String {
        var buffer = [CChar](repeating: 0, count: 256)
        gpgme_strerror_r(raw, &buffer, buffer.count)
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Throws `.engine` for an error code that is not success.
    static func check(_ error: gpgme_error_t, _ what: String) throws(OpenPGPError) {
        guard let error = GPGMEError(error) else { return }
        throw OpenPGPError(.engine, "\(what): \(error.text)", errno: error.errno)
    }
}

extension OpenPGPError {
    /// The error of an operation that uses a passphrase.
    init(_ error: GPGMEError, _ what: String) {
        if error.code == GPG_ERR_BAD_PASSPHRASE {
            self.init(.passphrase, "the passphrase does not open the key")
        } else {
            self.init(.engine, "\(what): \(error.text)")
        }
    }
}
