import Foundation
import Platform
import SFTP
import SSHTransport
import Server
import Testing
import Vault

/// Events of a session, which may be compromised, as the listener decodes them.
@Suite struct EventTests {
    private static let object = FileIdentity(device: .max, inode: 0, seconds: -1, nanoseconds: .max)

    static let events: [Event] = [
        .asked(.failedLogin), .asked(.visit(account: "drop", password: [0, 255])),
        .asked(.key(account: "alice", fingerprint: "SHA256:x")), .asked(.booking(object)),
        .asked(.book(object, after: nil, size: nil)), .asked(.book(object, after: object, size: .max)),
        .asked(.take(Usage(bytes: .max, objects: 1), unwritten: 5)), .asked(.settle(Usage())),
        .asked(.giveBack(Usage(bytes: 1, objects: 2))), .asked(.removed(object, Usage(bytes: 1, objects: 1))),
        .asked(.room), .loginStarted, .loggedIn(user: "alice", isOwner: true), .loggedIn(user: "", isOwner: false),
        .opened(.max, "upload /\u{fc}\n\""), .closed(0), .log(level: "info", message: "", metadata: [:]),
        .keyWanted("alice"), .keyOpened(""), .keyNotOpened,
        .log(level: "info", message: "upload", metadata: ["file_path": "/a\nb", "size_bytes": "1"]),
    ]

    @Test(arguments: events) func arrives(event: Event) throws {
        var buffer = PacketBuffer()
        event.packet.withUnsafeBytes { buffer.append($0) }
        #expect(try Event(#require(try buffer.next())) == event)
        #expect(buffer.count == 0)
    }

    @Test(arguments: events) func whatIsCutOffOrLongerIsRefused(event: Event) {
        let packet = event.packet[4...]
        // Any number of pairs may be in a log entry, so it may also end after one of them.
        for count in 0..<packet.count {
            guard let other = try? Event(packet.prefix(count)) else { continue }
            if case .log = other, case .log = event { continue }
            Issue.record("\(event) cut off after \(count) bytes is \(other)")
        }
        #expect(throws: ProtocolViolation.self) { try Event(packet + [0]) }
    }

    /// A session that sends events without end must not keep the listener from the others.
    @Test(.timeLimit(.minutes(1))) func noMoreAreTakenAtOnceThanAPipeHolds() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        let (readable, writable) = (ends[0], ends[1])
        signal(SIGPIPE, SIG_IGN)
        let packets = Array(repeatElement(Event.closed(1).packet, count: 4000).joined())
        Thread {
            // Until the stream has gone, and with it the other end.
            while write(writable, packets, packets.count) > 0 {}
            close(writable)
        }.start()
        let stream = LinkEnd(OwnedDescriptor(readable))
        for _ in 0..<3 {
            let events = try #require(stream.read())
            #expect(events.count <= 200_000)
        }
    }

    @Test func otherTypesAreRefused() {
        #expect(throws: ProtocolViolation.self) { try Event([]) }
        for type in [0, 10, 255] as [UInt8] { #expect(throws: ProtocolViolation.self) { try Event([type]) } }
        // A text of four gigabytes that is not there.
        #expect(throws: ProtocolViolation.self) { try Event([4, 255, 255, 255, 255, 1]) }
    }
}
