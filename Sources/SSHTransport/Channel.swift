internal import CLibSSH
private import CLinux
private import Foundation
private import Platform

/// One channel of a connection.
///
/// The sftp subsystem or one command is to be had on it, once.
///
/// The corresponding C functions are `ssh_channel_new`, `ssh_channel_read_timeout`, `ssh_channel_write` and
/// `ssh_channel_free`.
package final class Channel {
    /// What a client asks for on a channel.
    package enum Request: Equatable {
        case sftp
        /// A line for a shell, in bytes; up to whoever serves the channel, who may refuse it.
        case command([UInt8])
    }

    /// The streams of a channel.
    package enum Stream {
        case output
        case errors
    }

    /// Bytes of one channel that may wait to be read.
    ///
    /// libssh accepts more than the window it has granted, up to 256 MiB; a client that is read to the end each time
    /// stays near the window of 1.3 MB.
    private static let backlog: Int32 = 4 << 20
    /// Milliseconds of processor time that one write may take: many times what a few hundred KiB do on a slow machine.
    ///
    /// A client that says it takes packets of 10 bytes, less than an empty one has, lets libssh write empty ones
    /// without end. Nothing that could be called gets it out of there, nor tells beforehand what the client said.
    private static let longestWrite: Int32 = 1000

    let raw: ssh_channel
    private let session: ssh_session
    private let callbacks: UnsafeMutablePointer<ssh_channel_callbacks_struct>
    private var isReleased = false
    /// What the client has asked for, and got; it does not change any more.
    package private(set) var request: Request?

    /// - Returns: nil when there is no memory.
    init?(_ session: ssh_session) {
        guard let raw = ssh_channel_new(session) else { return nil }
        self.raw = raw
        self.session = session
        callbacks = .allocate(capacity: 1)
        callbacks.initialize(to: ssh_channel_callbacks_struct())
        callbacks.pointee.size = MemoryLayout<ssh_channel_callbacks_struct>.size
        callbacks.pointee.userdata = Unmanaged.passUnretained(self).toOpaque()
        callbacks.pointee.channel_subsystem_request_function = subsystemCallback
        callbacks.pointee.channel_exec_request_function = commandCallback
        // Set before the channel is confirmed: a request may come in the same packet.
        ssh_set_channel_callbacks(raw, callbacks)
    }

    deinit {
        release()
        callbacks.deallocate()
    }

    /// Gives the channel back to libssh; it is not to be used afterwards.
    func release() {
        guard !isReleased else { return }
        isReleased = true
        ssh_remove_channel_callbacks(raw, callbacks)
        ssh_channel_free(raw)
    }

    /// Whether it is closed: there is nothing more to do on it, and an error on it is not one of the connection.
    package var isOver: Bool { isReleased || ssh_channel_is_closed(raw) != 0 }

    /// Whether the client has said that it sends no more, and all it sent has been read.
    package var isAtEnd: Bool { isOver || ssh_channel_is_eof(raw) != 0 }

    /// Whether the client has sent more than an honest one can: on either stream, whatever the channel is for.
    var isFlooded: Bool {
        !isOver && (ssh_channel_poll(raw, 0) > Channel.backlog || ssh_channel_poll(raw, 1) > Channel.backlog)
    }

    /// Reads what has arrived, without waiting.
    ///
    /// - Returns: how many bytes; 0 when there are none now.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(SSHError) -> Int {
        guard !isOver else { return 0 }
        let waiting = ssh_channel_poll(raw, 0)
        guard waiting > 0 else { return 0 }
        let count = ssh_channel_read_timeout(
            raw, buffer.baseAddress, UInt32(clamping: min(buffer.count, Int(waiting))), 0, 0)
        guard count >= 0 else { throw SSHError("the channel cannot be read", of: session) }
        return Int(count)
    }

    /// Sends all of `bytes`, and returns when the system has them.
    ///
    /// SIGXCPU ends the process when that takes more than ``longestWrite``.
    ///
    /// - Parameter stallTimeout: how long the client may take nothing.
    /// - Throws: when the client takes nothing for longer, or is gone.
    package func write(_ bytes: [UInt8], to stream: Stream = .output, stallTimeout: Duration) throws(SSHError) {
        let write = stream == .output ? ssh_channel_write : ssh_channel_write_stderr
        var sent = 0
        linux_limit_thread_time(Channel.longestWrite)
        defer { linux_limit_thread_time(0) }
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                write(raw, $0.baseAddress.map { $0 + sent }, UInt32(clamping: bytes.count - sent))
            }
            guard count > 0 else { throw SSHError("the client takes nothing", of: session) }
            sent += Int(count)
        }
        // Writing ends without an error when its last flush takes too long; this one tells.
        guard ssh_blocking_flush(session, stallTimeout.milliseconds) == SSH_OK else {
            throw SSHError("the client takes nothing", of: session)
        }
    }

    /// Ends it as a server does that has done its work.
    ///
    /// - Parameter status: what `exit` is given in a shell: 0 for success.
    package func finish(status: Int32 = 0) {
        guard !isOver else { return }
        ssh_channel_request_send_exit_status(raw, status)
        ssh_channel_send_eof(raw)
        ssh_channel_close(raw)
    }

    fileprivate func grant(_ request: Request) -> Int32 {
        guard self.request == nil else { return SSH_ERROR }
        self.request = request
        return SSH_OK
    }
}

private func owner(_ data: UnsafeMutableRawPointer?) -> Channel? {
    data.map { Unmanaged<Channel>.fromOpaque($0).takeUnretainedValue() }
}

private let subsystemCallback: ssh_channel_subsystem_request_callback = { _, _, subsystem, data in
    guard let subsystem, String(cString: subsystem) == "sftp" else { return SSH_ERROR }
    return owner(data)?.grant(.sftp) ?? SSH_ERROR
}

private let commandCallback: ssh_channel_exec_request_callback = { _, _, line, data in
    guard let line else { return SSH_ERROR }
    let bytes = UnsafeRawBufferPointer(start: line, count: strlen(line))
    return owner(data)?.grant(.command(Array(bytes))) ?? SSH_ERROR
}
