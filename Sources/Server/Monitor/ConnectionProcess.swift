private import CLinux
private import Foundation
private import Platform
private import SSHTransport

/// The process of one connection, which divides itself into a monitor and a session.
package enum ConnectionProcess {
    /// Serves the connection until it ends.
    ///
    /// The process divides itself before it has read anything: the session inherits the program and a few descriptors.
    ///
    /// - Returns: the exit status; that of the monitor tells the signal, if one has ended the session.
    /// - Throws: when this process was not started by a listener.
    package static func serve() throws -> Int32 {
        let descriptors = SessionParameters.Descriptor.self
        for descriptor in descriptors.all {
            // gpg must not inherit these.
            guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else { throw SystemError.last }
        }
        ResourceLimits.apply()
        signal(SIGPIPE, SIG_IGN)
        // Plain numbers: an owner would be copied too.
        var channel: [Int32] = [-1, -1]
        var stop: [Int32] = [-1, -1]
        guard linux_socket_pair(&channel, 1) == 0, pipe(&stop) == 0 else { throw SystemError.last }
        for end in stop { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let session = linux_fork()
        guard session >= 0 else { throw SystemError.last }
        guard session > 0 else {
            let theirs = [descriptors.parameters, descriptors.monitorLink, descriptors.keys, channel[0], stop[1]]
            for descriptor in theirs { close(descriptor) }
            linux_replace_last_argument("session")
            return SessionProcess.serve(
                MonitorChannel(MessageSocket(OwnedDescriptor(channel[1]))), StopNotice(OwnedDescriptor(stop[0])))
        }
        for descriptor in [descriptors.socket, descriptors.link, channel[1], stop[0]] { close(descriptor) }
        let monitor = try? MonitorProcess(
            of: session, MonitorChannel(MessageSocket(OwnedDescriptor(channel[0]))),
            stop: OwnedDescriptor(stop[1]), ListenerLink(descriptor: descriptors.monitorLink),
            keys: MessageSocket(OwnedDescriptor(descriptors.keys)), SessionParameters.read())
        return monitor?.run() ?? EXIT_FAILURE
    }
}
