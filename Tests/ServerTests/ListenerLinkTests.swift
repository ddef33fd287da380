import Foundation
import Platform
import SFTP
import SSHTransport
import Server
import Synchronization
import Testing
import Vault

/// The socket between a session, which may be compromised, and the listener.
@Suite struct ListenerLinkTests {
    /// The listener's end, and the session's.
    private let record: LinkEnd
    private let session: OwnedDescriptor

    init() throws {
        var ends: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        record = LinkEnd(OwnedDescriptor(ends[0]))
        session = OwnedDescriptor(ends[1])
    }

    private func send(_ events: [Event]) throws {
        let packets = events.flatMap(\.packet)
        try packets.withUnsafeBytes { try FileIO.writeAll($0, to: session.raw) }
    }

    /// Waits for the next events, as the listener does.
    private func take() -> [Event]? {
        var descriptor = pollfd(fd: record.descriptor.raw, events: Int16(POLLIN), revents: 0)
        poll(&descriptor, 1, -1)
        return record.read()
    }

    static let answers: [Answer] = [
        .done, .delay(0), .delay(.max), .refused(""), .refused("this box is full"), .granted(7),
        .visit([1, 255], FileIdentity(device: 1, inode: .max, seconds: 0, nanoseconds: 0)),
        .booking(.none), .booking(Booking(isOwn: true, size: .max)),
        .room(Room(most: nil, free: 1, freeObjects: nil)), .room(Room(most: 5, free: 0, freeObjects: 9)),
    ]

    @Test(arguments: answers) func anAnswerArrives(answer: Answer) throws {
        let asked = DispatchQueue(label: "session")
        let end = session
        let result = Box()
        asked.async {
            let answer = withExtendedLifetime(end) { ListenerLink(descriptor: end.raw).ask(.failedLogin) }
            result.answer.withLock { $0 = answer }
        }
        #expect(take() == [.asked(.failedLogin)])
        #expect(record.answer(answer))
        asked.sync {}
        #expect(result.answer.withLock { $0 } == answer)
    }

    /// Set on the queue that waits, and read after it.
    private final class Box: Sendable { let answer = Mutex<Answer?>(nil) }

    @Test(arguments: answers) func anAnswerThatIsCutOffOrLongerIsRefused(answer: Answer) {
        let packet = answer.packet[4...]
        for count in 0..<packet.count { #expect(throws: FileSystemError.self) { try Answer(packet.prefix(count)) } }
        #expect(throws: FileSystemError.self) { try Answer(packet + [0]) }
    }

    @Test func aSessionWhoseListenerHasEndedGetsNoAnswer() throws {
        var ends: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        signal(SIGPIPE, SIG_IGN)
        close(ends[0])
        #expect(ListenerLink(descriptor: ends[1]).ask(.failedLogin) == nil)
        close(ends[1])
    }

    @Test func aSecondQuestionIsAViolation() throws {
        try send([.asked(.failedLogin), .closed(1)])
        #expect(take() == [.asked(.failedLogin), .closed(1)])
        try send([.asked(.failedLogin)])
        #expect(take() == nil)
    }

    /// The listener must neither wait for a session that does not read, nor keep its answers.
    @Test(.timeLimit(.minutes(1))) func aSessionThatDoesNotReadIsNoticed() throws {
        var answered = 0
        repeat {
            answered += 1
            try send([.asked(.failedLogin)])
            _ = take()
        } while record.answer(.delay(1)) && answered < 1_000_000
        #expect(answered > 1 && answered < 1_000_000)
    }

    @Test func aSessionThatHasEndedIsNotToBlame() throws {
        signal(SIGPIPE, SIG_IGN)
        try send([.asked(.failedLogin)])
        #expect(take() == [.asked(.failedLogin)])
        shutdown(session.raw, Int32(SHUT_RDWR))
        #expect(record.answer(.delay(1)))
    }
}
