private import CSodium
private import Synchronization

/// Locked memory for short secrets, such as keys: a page is cut into slots, which are wiped when they come back.
///
/// A page of its own for each, locked and guarded and given back, would be a dozen system calls, and a file takes
/// several secrets for a moment. Pages stay with the process; before and after each is one that cannot be touched.
enum SecretSlots {
    /// Bytes of a slot.
    static let size = 64
    /// As many as fit into a page with what libsodium adds.
    private static let slotsInPage = 63

    /// The addresses of the slots that are free.
    private static let free = Mutex<[UInt]>([])

    /// - Returns: the address of a slot of zeros, or nil when there is no more memory.
    static func take() -> UnsafeMutableRawPointer? {
        free.withLock { free in
            if free.isEmpty, let page = sodium_malloc(size * slotsInPage) {
                sodium_memzero(page, size * slotsInPage)
                free = (0..<slotsInPage).map { UInt(bitPattern: page + $0 * size) }
            }
            return free.popLast()
        }.flatMap { UnsafeMutableRawPointer(bitPattern: $0) }
    }

    /// Wipes a slot and gives it back.
    static func give(_ slot: UnsafeMutableRawPointer) {
        sodium_memzero(slot, size)
        free.withLock { $0.append(UInt(bitPattern: slot)) }
    }
}
