internal import OpenPGP

/// The engine of the monitor's gpg, for the session.
struct RemoteEngine: Engine {
    let monitor: MonitorClient
    let framing: ContentFraming

    func encrypt(into descriptor: Int32, isPartial: Bool) throws(OpenPGPError) -> any Encryption {
        RemoteEncryption(try monitor.begin(.encrypt(isPartial: isPartial), descriptor))
    }

    func decrypt(_ descriptor: Int32) throws(OpenPGPError) -> any Decryption {
        RemoteDecryption(try monitor.begin(.decrypt, descriptor))
    }

    func sessionKey(of message: EncryptedMessage) throws(OpenPGPError) -> SessionKey? {
        try monitor.sessionKey(ofBeginning: message.beginning())
    }
}
