internal import Foundation

extension Upload {
    /// What a CLOSE has changed on the disk.
    enum Outcome {
        case nothing
        /// The file is stored.
        case published(stat)
        /// The older version has the name as before, perhaps with other attributes.
        case kept(stat)
    }
}
