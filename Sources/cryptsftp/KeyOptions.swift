internal import ArgumentParser
internal import Foundation
internal import Secrets
internal import Server

/// Whether data is printed for people or for programs.
struct DocumentOption: ParsableArguments {
    @Flag(help: "Print one JSON document.")
    var json = false

    /// Prints a value as JSON, its keys sorted.
    func print(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        Swift.print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}

extension ConfigurationOption {
    /// The server.conf that is meant, which has to be there.
    func existing() throws -> URL {
        let file = ConfigurationFile.locate(path, vault: Vault.path)
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw Problem(.noConfiguration, "there is no \(file.path): make it with 'cryptsftp -a NAME'")
        }
        return file
    }
}

extension Interruption {
    /// Whether it is time to stop.
    var isDue: Bool { (try? check()) == nil }
}

/// A day as `key list` shows it.
enum Day {
    static func text(_ seconds: Int) -> String {
        Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601.year().month().day())
    }
}
