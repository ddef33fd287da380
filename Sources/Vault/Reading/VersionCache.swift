/// A cache of values that were computed from versions of stored files.
///
/// A full cache is emptied: that bounds the memory and needs no bookkeeping.
struct VersionCache<Value> {
    private let capacity: Int
    private var values: [FileVersion: Value] = [:]

    init(capacity: Int) {
        self.capacity = capacity
    }

    subscript(version: FileVersion) -> Value? {
        get { values[version] }
        set {
            if values.count >= capacity, values[version] == nil { values = [:] }
            values[version] = newValue
        }
    }
}
