package import Foundation

/// The processes of this machine, as `/proc` has them.
package enum ProcessTable {
    package struct Entry {
        package let identifier: pid_t
        package let name: String
        package let parent: pid_t
        package let group: pid_t
        package let arguments: [String]

        /// Whether one of its arguments is below a directory, such as a session's private one.
        package func uses(_ directory: String) -> Bool { arguments.contains { $0.hasPrefix(directory + "/") } }
    }

    /// All that run; what has ended and waits for its parent does not.
    package static func all() -> [Entry] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.compactMap(entry)
    }

    private static func entry(_ identifier: pid_t) -> Entry? {
        guard let stat = try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8),
            let start = stat.firstIndex(of: "("), let end = stat.lastIndex(of: ")")
        else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 3, fields[0] != "Z", let parent = pid_t(fields[1]), let group = pid_t(fields[2]) else {
            return nil
        }
        return Entry(
            identifier: identifier, name: String(stat[stat.index(after: start)..<end]), parent: parent, group: group,
            arguments: arguments(of: identifier))
    }

    /// The arguments that a process shows.
    package static func arguments(of identifier: pid_t) -> [String] {
        let line = (try? Data(contentsOf: URL(filePath: "/proc/\(identifier)/cmdline"))) ?? Data()
        return line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The processes that a process has started and that it has not waited for.
    package static func children(of identifier: pid_t) -> [pid_t] {
        let path = "/proc/\(identifier)/task/\(identifier)/children"
        let children = try? String(contentsOfFile: path, encoding: .utf8)
        return (children ?? "").split(separator: " ").compactMap { pid_t($0) }
    }

    /// The figure of a line such as `VmRSS:` in a process's `status`.
    package static func figure(_ name: String, of identifier: pid_t) -> Int? {
        let status = try? String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
    }

    /// How many descriptors a process of this user has.
    package static func descriptors(of identifier: pid_t) -> Int? {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(identifier)/fd"))?.count
    }
}
