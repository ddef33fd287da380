internal import CGPGME
private import Glibc
internal import OpenPGP

/// A gpgme data object whose bytes come from, or go to, a pair of closures.
///
/// The corresponding C function is `gpgme_data_new_from_cbs`.
final class DataObject {
    /// The bytes gpgme moves at once.
    ///
    /// More is slower: pipes hold no more, and gpgme moves the rest in memory.
    static let bufferSize = "65536"

    let raw: gpgme_data_t
    private let callbacks: UnsafeMutablePointer<gpgme_data_cbs>
    private let source: Source

    /// A source fills the buffer and returns how much it put there; 0 ends the data, nil with `errno` set is an error.
    typealias Read = (UnsafeMutableRawBufferPointer) -> Int?
    /// A sink takes all of the buffer, or returns false with `errno` set.
    typealias Write = (UnsafeRawBufferPointer) -> Bool

    fileprivate final class Source {
        let read: Read
        let write: Write

        init(read: @escaping Read, write: @escaping Write) {
            self.read = read
            self.write = write
        }
    }

    /// - Parameter sensitive: whether gpgme wipes its buffer: for plaintext.
    private init(_ source: Source, sensitive: Bool) throws(OpenPGPError) {
        self.source = source
        callbacks = .allocate(capacity: 1)
        callbacks.initialize(
            to: gpgme_data_cbs(read: readCallback, write: writeCallback, seek: nil, release: nil))
        var data: gpgme_data_t?
        let error = gpgme_data_new_from_cbs(&data, callbacks, Unmanaged.passUnretained(source).toOpaque())
        guard error == 0, let data else {
            callbacks.deallocate()
            throw OpenPGPError(.engine, "gpgme cannot make a data object")
        }
        raw = data
        gpgme_data_set_flag(raw, "io-buffer-size", DataObject.bufferSize)
        if sensitive { gpgme_data_set_flag(raw, "sensitive", "1") }
        gpgme_data_set_encoding(raw, GPGME_DATA_ENCODING_BINARY)
    }

    static func reading(sensitive: Bool, _ read: @escaping Read) throws(OpenPGPError) -> DataObject {
        try DataObject(Source(read: read, write: { _ in false }), sensitive: sensitive)
    }

    static func writing(sensitive: Bool, _ write: @escaping Write) throws(OpenPGPError) -> DataObject {
        try DataObject(Source(read: { _ in nil }, write: write), sensitive: sensitive)
    }

    deinit {
        gpgme_data_release(raw)
        callbacks.deallocate()
    }
}

private let readCallback: gpgme_data_read_cb_t = { handle, buffer, size in
    guard let handle else { return -1 }
    let source = Unmanaged<DataObject.Source>.fromOpaque(handle).takeUnretainedValue()
    return source.read(UnsafeMutableRawBufferPointer(start: buffer, count: size)) ?? -1
}

private let writeCallback: gpgme_data_write_cb_t = { handle, buffer, size in
    guard let handle else { return -1 }
    let source = Unmanaged<DataObject.Source>.fromOpaque(handle).takeUnretainedValue()
    return source.write(UnsafeRawBufferPointer(start: buffer, count: size)) ? size : -1
}
