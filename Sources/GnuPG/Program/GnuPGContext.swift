internal import CGPGME
private import Glibc
internal import OpenPGP
internal import Secrets

/// A gpgme context: runs one gpg operation at a time in one GnuPG home.
///
/// For the use of one thread. The corresponding C functions are `gpgme_new` and `gpgme_release`.
final class GnuPGContext {
    let raw: gpgme_ctx_t
    /// The keywords of the running operation's status lines, in order.
    ///
    /// They have no arguments: those of SESSION_KEY are a key.
    private(set) var statusLines: [String] = []
    /// The plaintext's length in bytes, as gpg reports it.
    ///
    /// Nil when the message does not tell it, and for text, whose line ends gpg changes.
    private(set) var plaintextLength: UInt64?
    /// Whether the message that gpg has decrypted says that it is a partial.
    private(set) var isPartial = false
    private var isText = false
    private var passphrases: [SecretBytes] = []
    /// How often the running operation has asked for a passphrase.
    private(set) var passphraseRequests = 0
    private let stallTimeout: Duration

    /// - Parameters:
    ///   - home: the home that all operations of this context work in.
    ///   - stallTimeout: how long gpg may do nothing.
    init(_ home: GnuPGHome, stallTimeout: Duration) throws(OpenPGPError) {
        self.stallTimeout = stallTimeout
        raw = try GnuPGProgram.makeContext(home: home)
        try GPGMEError.check(gpgme_set_protocol(raw, GPGME_PROTOCOL_OpenPGP), "gpgme has no OpenPGP engine")
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

    /// Sets the passphrases that gpg is given when it asks: in this order, and then the last one again.
    func setPassphrases(_ passphrases: [SecretBytes]) {
        self.passphrases = passphrases
    }

    /// Runs one operation to its end.
    ///
    /// - Parameters:
    ///   - isCancelled: called every second while gpg does nothing; true cancels the operation.
    ///   - start: calls one `gpgme_op_…_start`.
    /// - Returns: the operation's error, or nil. Nil alone does not prove success: gpgme also reports it when gpg died.
    ///   The caller has to check ``statusLines`` and the result.
    /// - Throws: `.stalled` when gpg hangs or the operation was cancelled.
    func run(
        isCancelled: @escaping () -> Bool = { false }, _ start: (gpgme_ctx_t) -> gpgme_error_t
    ) throws(OpenPGPError) -> GPGMEError? {
        statusLines = []
        plaintextLength = nil
        isPartial = false
        passphraseRequests = 0
        return try OperationLoop(raw, stallTimeout: stallTimeout, isCancelled).run(start)
    }

    fileprivate func recordStatus(_ keyword: String, _ arguments: UnsafePointer<CChar>?) {
        // An empty keyword is gpgme's own sign that gpg closed the pipe.
        if !keyword.isEmpty { statusLines.append(keyword) }
        guard let arguments, keyword == "PLAINTEXT" || keyword == "PLAINTEXT_LENGTH" else { return }
        let text = String(cString: arguments)
        if keyword == "PLAINTEXT" {
            isText = text.hasPrefix("74") || text.hasPrefix("75")
            isPartial = text.hasSuffix(" " + LiteralPacket.partialName)
        } else {
            plaintextLength = isText ? nil : UInt64(text)
        }
    }

    fileprivate func nextPassphrase() -> SecretBytes? {
        passphraseRequests += 1
        return passphrases.count > 1 ? passphrases.removeFirst() : passphrases.first
    }
}

private let statusCallback: gpgme_status_cb_t = { context, keyword, arguments in
    guard let context, let keyword else { return 0 }
    Unmanaged<GnuPGContext>.fromOpaque(context).takeUnretainedValue()
        .recordStatus(String(cString: keyword), arguments)
    return 0
}

/// Writes the passphrase and a newline to gpg's pipe, straight from locked memory.
private let passphraseCallback: gpgme_passphrase_cb_t = { context, _, _, _, descriptor in
    guard let context else { return gpgme_error(GPG_ERR_CANCELED) }
    let secret = Unmanaged<GnuPGContext>.fromOpaque(context).takeUnretainedValue().nextPassphrase()
    guard let secret else { return gpgme_error(GPG_ERR_CANCELED) }
    let written = secret.withUnsafeBytes { gpgme_io_writen(descriptor, $0.baseAddress, $0.count) }
    guard written == 0, gpgme_io_writen(descriptor, "\n", 1) == 0 else { return gpgme_error(GPG_ERR_EIO) }
    return 0
}
