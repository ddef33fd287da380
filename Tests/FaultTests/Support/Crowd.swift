import Foundation
import Synchronization

/// Threads that do the same at once, stage by stage: after each, all wait until they are told to go on.
final class Crowd: Sendable {
    private let count: Int
    /// How many have done each stage.
    private let arrived: Mutex<[Int]>
    /// One for each stage: who is early at the next must not take what is meant for others at this.
    private let gates: [DispatchSemaphore]
    private let ended = DispatchGroup()
    private let failures = Mutex<[String]>([])

    /// Starts the threads.
    ///
    /// - Parameter body: gets the thread's number, and calls the function after each stage. One that throws waits for
    ///   the others of the stages that are left, too.
    init(_ count: Int, stages: Int, _ body: @escaping @Sendable (Int, () -> Void) throws -> Void) {
        self.count = count
        arrived = Mutex(Array(repeating: 0, count: stages))
        gates = (0..<stages).map { _ in DispatchSemaphore(value: 0) }
        for number in 0..<count {
            ended.enter()
            let thread = Thread { [self] in
                var stage = 0
                let wait = {
                    self.arrived.withLock { $0[stage] += 1 }
                    self.gates[stage].wait()
                    stage += 1
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

    /// Waits until all have done a stage, counted from 0.
    ///
    /// - Parameter meanwhile: called again and again.
    func waitForAll(_ stage: Int, _ meanwhile: () -> Void) {
        while arrived.withLock({ $0[stage] }) < count {
            meanwhile()
            usleep(200_000)
        }
    }

    /// Lets all go on who have done a stage.
    func goOn(from stage: Int) { for _ in 0..<count { gates[stage].signal() } }

    /// Waits until all threads have ended.
    func join() { ended.wait() }
}
