internal import CGPGME
private import Glibc
internal import OpenPGP

/// A gpgme data object that reads its bytes from a closure or writes them to one.
///
/// The corresponding C function is `gpgme_data_new_from_cbs`.
final class DataObject {
    /// The bytes that gpgme moves at once: as many as a pipe holds, because gpgme copies the rest of a larger buffer.
    private static let bufferSize = "65536"

    let raw: gpgme_data_t
    private let functions: UnsafeMutablePointer<gpgme_data_cbs>
    private let callbacks: Callbacks

    /// Fills the buffer and returns how many bytes; 0 ends the data, nil with `errno` set is an error.
    typealias Read = (UnsafeMutableRawBufferPointer) -> Int?
    /// Takes all of the buffer; false with `errno` set is an error.
    typealias Write = (UnsafeRawBufferPointer) -> Bool

    fileprivate final class Callbacks {
        let read: Read
        let write: Write

        init(read: @escaping Read, write: @escaping Write) {
            self.read = read
            self.write = write
        }
    }

    private init(_ callbacks: Callbacks, sensitive: Bool) throws(OpenPGPError) {
        self.callbacks = callbacks
        functions = .allocate(capacity: 1)
        functions.initialize(
            to: gpgme_data_cbs(read: readCallback, write: writeCallback, seek: nil, release: nil))
        var data: gpgme_data_t?
        let error = gpgme_data_new_from_cbs(&data, functions, Unmanaged.passUnretained(callbacks).toOpaque())
        guard error == 0, let data else {
            functions.deallocate()
            throw OpenPGPError(.engine, "gpgme cannot make a data object")
        }
        raw = data
        gpgme_data_set_flag(raw, "io-buffer-size", DataObject.bufferSize)
        if sensitive { gpgme_data_set_flag(raw, "sensitive", "1") }
        gpgme_data_set_encoding(raw, GPGME_DATA_ENCODING_BINARY)
    }

    /// Makes an object that gpg reads.
    ///
    /// - Parameter sensitive: whether gpgme wipes its buffer, as it must for plaintext and secret keys.
    static func reading(sensitive: Bool, _ read: @escaping Read) throws(OpenPGPError) -> DataObject {
        try DataObject(Callbacks(read: read, write: { _ in false }), sensitive: sensitive)
    }

    /// Makes an object that gpg writes to.
    ///
    /// - Parameter sensitive: whether gpgme wipes its buffer, as it must for plaintext and secret keys.
    static func writing(sensitive: Bool, _ write: @escaping Write) throws(OpenPGPError) -> DataObject {
        try DataObject(Callbacks(read: { _ in nil }, write: write), sensitive: sensitive)
    }

    deinit {
        gpgme_data_release(raw)
        functions.deallocate()
    }
}

private let readCallback: gpgme_data_read_cb_t = { handle, buffer, size in
    guard let handle else { return -1 }
    let callbacks = Unmanaged<DataObject.Callbacks>.fromOpaque(handle).takeUnretainedValue()
    return callbacks.read(UnsafeMutableRawBufferPointer(start: buffer, count: size)) ?? -1
}

private let writeCallback: gpgme_data_write_cb_t = { handle, buffer, size in
    guard let handle else { return -1 }
    let callbacks = Unmanaged<DataObject.Callbacks>.fromOpaque(handle).takeUnretainedValue()
    return callbacks.write(UnsafeRawBufferPointer(start: buffer, count: size)) ? size : -1
}
