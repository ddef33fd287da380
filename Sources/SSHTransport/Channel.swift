internal import CLibSSH
private import CLinux
private import Foundation
private import Platform

/// One session channel of a connection (RFC 4254, section 6).
///
/// It serves one request: the sftp subsystem or one command.
///
/// The corresponding C functions are `ssh_channel_new`, `ssh_channel_read_timeout`, `ssh_channel_write` and
/// `ssh_channel_free`.
package final class Channel {
    /// What a client asks for on a channel.
    package enum Request: Equatable {
        case sftp
        /// A line for a shell, in bytes; the one that serves the channel may refuse it.
        case command([UInt8])
    }

    /// The streams of a channel.
    package enum Stream {
        case output
        case errors
    }

    /// Bytes that a client may have sent and that nobody has read.
    ///
    /// libssh accepts more than the window it has granted, up to 256 MiB. A client that keeps to the window of 1.3 MB
    /// stays well below this limit.
    private static let backlog: Int32 = 4 << 20
    /// Milliseconds of processor time that one write may take, many times what a few hundred KiB need on a slow
    /// machine.
    ///
    /// For a client with a maximum packet size of 10 bytes, less than the header, libssh writes empty packets in an
    /// endless loop. No function of it ends that loop, or tells the client's maximum packet size beforehand.
    private static let longestWrite: Int32 = 1000

    let raw: ssh_channel
    private let session: ssh_session
    private let callbacks = CStructure(ssh_channel_callbacks_struct())
    private var isReleased = false
    /// The request that was granted, once; nil before.
    package private(set) var request: Request?

    /// - Returns: nil when there is no memory.
    init?(_ session: ssh_session) {
        guard let raw = ssh_channel_new(session) else { return nil }
        self.raw = raw
        self.session = session
        let callbacks = callbacks.pointer
        callbacks.pointee.size = MemoryLayout<ssh_channel_callbacks_struct>.size
        callbacks.pointee.userdata = Unmanaged.passUnretained(self).toOpaque()
        callbacks.pointee.channel_subsystem_request_function = subsystemCallback
        callbacks.pointee.channel_exec_request_function = commandCallback
        // Before the channel is confirmed: the client's request may come in the same packet.
        ssh_set_channel_callbacks(raw, callbacks)
    }

    deinit {
        release()
    }

    /// Gives the channel back to libssh, before the session is freed; later calls find it closed.
    func release() {
        guard !isReleased else { return }
        isReleased = true
        ssh_remove_channel_callbacks(raw, callbacks.pointer)
        ssh_channel_free(raw)
    }

    /// Whether the channel is closed; an error on a closed one is no error of the connection.
    package var isOver: Bool { isReleased || ssh_channel_is_closed(raw) != 0 }

    /// Whether the client has sent EOF and everything before it has been read.
    package var isAtEnd: Bool { isOver || ssh_channel_is_eof(raw) != 0 }

    /// Whether the client has ignored the window, on either stream.
    var isFlooded: Bool {
        !isOver && (ssh_channel_poll(raw, 0) > Channel.backlog || ssh_channel_poll(raw, 1) > Channel.backlog)
    }

    /// Reads what has arrived, without waiting.
    ///
    /// - Returns: the number of bytes; 0 when none are there.
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
    /// SIGXCPU ends the process when that takes more processor time than ``longestWrite``.
    ///
    /// - Parameter stallTimeout: how long the client may receive nothing.
    /// - Throws: when the client receives nothing for longer, or has disconnected.
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
        // `ssh_channel_write` reports no error when its last flush takes too long; this call does.
        guard ssh_blocking_flush(session, stallTimeout.milliseconds) == SSH_OK else {
            throw SSHError("the client takes nothing", of: session)
        }
    }

    /// Sends the exit status and EOF, and closes the channel.
    ///
    /// - Parameter status: 0 for success, as for `exit` in a shell.
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
