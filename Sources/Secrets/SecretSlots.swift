private import CSodium
private import Synchronization

/// Locked memory for short secrets, such as keys: pages cut into slots, which are wiped when they are released.
///
/// A page of its own for each secret would cost a dozen system calls to lock, guard and free, and each file takes
/// several secrets for a moment. The process keeps the pages; before and after each page is an inaccessible one.
enum SecretSlots {
    /// Bytes of a slot.
    static let size = 64
    /// The number of slots that fit into a page beside libsodium's canary.
    private static let slotsInPage = 63

    /// The addresses of the slots that are free.
    private static let free = Mutex<[UInt]>([])

    /// Takes a free slot.
    ///
    /// - Returns: the address of a slot of zeros, or nil when there is no memory left.
    static func acquire() -> UnsafeMutableRawPointer? {
        free.withLock { free in
            if free.isEmpty, let page = sodium_malloc(size * slotsInPage) {
                sodium_memzero(page, size * slotsInPage)
                free = (0..<slotsInPage).map { UInt(bitPattern: page + $0 * size) }
            }
            return free.popLast()
        }.flatMap { UnsafeMutableRawPointer(bitPattern: $0) }
    }

    /// Wipes a slot and makes it free.
    static func release(_ slot: UnsafeMutableRawPointer) {
        sodium_memzero(slot, size)
        free.withLock { $0.append(UInt(bitPattern: slot)) }
    }
}
