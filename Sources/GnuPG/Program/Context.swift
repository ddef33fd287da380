internal import CGPGME
private import Glibc
internal import OpenPGP
internal import Secrets

/// One gpgme context: what one operation at a time needs.
///
/// A context belongs to one thread. The engine and its home are set once for the process by ``GnuPG/use(home:)``,
/// because setting them for a context would start `gpg --version` each time.
///
/// The corresponding C functions are `gpgme_new` and `gpgme_release`.
final class Context {
    let raw: gpgme_ctx_t
    /// Status lines of the running operation, the keyword alone, in order.
    ///
    /// Arguments of SESSION_KEY never get here.
    private(set) var statusLines: [String] = []
    /// Bytes that gpg said the plaintext has; nil when the message does not tell, or it is text, whose line ends
    /// change.
    private(set) var plaintextLength: UInt64?
    private var isText = false
    private var passphrases: [SecretBytes] = []
    private let stallTimeout: Duration

    /// - Parameter stallTimeout: how long gpg may do nothing.
    init(stallTimeout: Duration) throws(OpenPGPError) {
        self.stallTimeout = stallTimeout
        var raw: gpgme_ctx_t?
        try check(gpgme_new(&raw), .engine, "gpgme cannot make a context")
        guard let raw else { throw OpenPGPError(.engine, "gpgme made no context") }
        self.raw = raw
        try check(gpgme_set_protocol(raw, GPGME_PROTOCOL_OpenPGP), .engine, "gpgme has no OpenPGP engine")
        gpgme_set_armor(raw, 0)
        gpgme_set_offline(raw, 1)
        gpgme_set_ctx_flag(raw, "full-status", "1")
        gpgme_set_pinentry_mode(raw, GPGME_PINENTRY_MODE_LOOPBACK)
        gpgme_set_status_cb(raw, statusCallback, Unmanaged.passUnretained(self).toOpaque())
        gpgme_set_passphrase_cb(raw, passphraseCallback, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        gpgme_release(raw)
    }

    /// Answers gpg's questions for passphrases with these, in this order; the last one again if more are asked for.
    func answer(_ passphrases: [SecretBytes]) {
        self.passphrases = passphrases
    }

    /// Runs one operation to its end.
    ///
    /// - Parameters:
    ///   - isCancelled: asked every second while gpg does nothing; true gives the operation up.
    ///   - start: calls one `gpgme_op_…_start`.
    /// - Returns: the operation's error, or nil. It is not to be trusted alone: gpgme reports success when gpg died.
    ///   The caller has to look at ``statusLines`` and at what came out.
    func run(
        isCancelled: @escaping () -> Bool = { false }, _ start: (gpgme_ctx_t) -> gpgme_error_t
    ) throws(OpenPGPError) -> GPGMEError? {
        statusLines = []
        plaintextLength = nil
        return try OperationLoop(self, stallTimeout: stallTimeout, isCancelled).run(start)
    }

    fileprivate func took(status keyword: String, _ arguments: UnsafePointer<CChar>?) {
        // An empty keyword is gpgme's own sign that gpg closed the pipe.
        if !keyword.isEmpty { statusLines.append(keyword) }
        // No others are copied: those of SESSION_KEY are a key.
        guard let arguments, keyword == "PLAINTEXT" || keyword == "PLAINTEXT_LENGTH" else { return }
        let text = String(cString: arguments)
        if keyword == "PLAINTEXT" {
            isText = text.hasPrefix("74") || text.hasPrefix("75")
        } else {
            plaintextLength = isText ? nil : UInt64(text)
        }
    }

    fileprivate func nextPassphrase() -> SecretBytes? {
        passphrases.count > 1 ? passphrases.removeFirst() : passphrases.first
    }
}

/// An error code of gpgme with the source bits taken off.
struct GPGMEError: Equatable {
    let raw: gpgme_error_t

    init?(_ raw: gpgme_error_t) {
        guard raw != 0 else { return nil }
        self.raw = raw
    }

    var code: gpgme_err_code_t { gpgme_err_code(raw) }

    /// The system's error number behind the code, or 0.
    var errno: Int32 { gpgme_err_code_to_errno(code) }

    /// The library's text.
    ///
    /// The corresponding C function is `gpgme_strerror_r`.
    var text: String {
        var buffer = [CChar](repeating: 0, count: 256)
        gpgme_strerror_r(raw, &buffer, buffer.count)
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Turns an error code of gpgme into a thrown error.
func check(_ error: gpgme_error_t, _ code: OpenPGPError.Code, _ what: String) throws(OpenPGPError) {
    guard let error = GPGMEError(error) else { return }
    throw OpenPGPError(code, "\(what): \(error.text)", errno: error.errno)
}

private let statusCallback: gpgme_status_cb_t = { context, keyword, arguments in
    guard let context, let keyword else { return 0 }
    Unmanaged<Context>.fromOpaque(context).takeUnretainedValue().took(status: String(cString: keyword), arguments)
    return 0
}

/// Writes the passphrase and a newline to gpg's pipe, from locked memory, without a copy of our own.
private let passphraseCallback: gpgme_passphrase_cb_t = { context, _, _, _, descriptor in
    guard let context else { return gpgme_error(GPG_ERR_CANCELED) }
    let secret = Unmanaged<Context>.fromOpaque(context).takeUnretainedValue().nextPassphrase()
    guard let secret else { return gpgme_error(GPG_ERR_CANCELED) }
    let written = secret.withUnsafeBytes { gpgme_io_writen(descriptor, $0.baseAddress, $0.count) }
    guard written == 0, gpgme_io_writen(descriptor, "\n", 1) == 0 else { return gpgme_error(GPG_ERR_EIO) }
    return 0
}
