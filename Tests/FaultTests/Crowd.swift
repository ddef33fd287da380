import Foundation
import Synchronization

/// Threads that do the same at once, stage by stage: after each, all wait until they are told to go on.
final class Crowd: Sendable {
    private let count: Int
    private let arrived = Mutex(0)
    private let go = DispatchSemaphore(value: 0)
    private let ended = DispatchGroup()
    private let failures = Mutex<[String]>([])

    /// Starts the threads.
    ///
    /// - Parameter body: gets the thread's number, and calls the function after each stage. One that throws waits for the
    ///   others of the stages that are left, too.
    init(_ count: Int, stages: Int, _ body: @escaping @Sendable (Int, () -> Void) throws -> Void) {
        self.count = count
        for number in 0..<count {
            ended.enter()
            let thread = Thread { [self] in
                var stage = 0
                let wait = {
                    stage += 1
                    self.arrived.withLock { $0 += 1 }
                    self.go.wait()
                }
                do { try body(number, wait) } catch { failures.withLock { $0.append("client \(number): \(error)") } }
                while stage < stages { wait() }
                ended.leave()
            }
            thread.start()
        }
    }

    /// Why threads have ended early.
    var problems: [String] { failures.withLock { $0 } }

    /// Waits until all have done a stage.
    ///
    /// - Parameter meanwhile: called again and again.
    func waitForAll(_ meanwhile: () -> Void) {
        while arrived.withLock({ $0 }) < count {
            meanwhile()
            usleep(200_000)
        }
        arrived.withLock { $0 = 0 }
    }

    func goOn() { for _ in 0..<count { go.signal() } }

    /// Waits until all threads have ended.
    func join() { ended.wait() }
}
