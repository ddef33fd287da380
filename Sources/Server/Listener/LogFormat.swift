/// The format of log lines.
package enum LogFormat: String, Sendable, CaseIterable {
    case text
    /// An object for each line.
    case json
}
