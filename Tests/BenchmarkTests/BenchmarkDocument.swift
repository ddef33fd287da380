/// What is looked at of the document that `bin/bench` writes.
struct BenchmarkDocument: Decodable {
    let short: Bool
    let date: String
    let machine: Machine
    let servers: [Server]
    let measurements: [Measurement]

    struct Machine: Decodable {
        let processor: String
    }

    struct Server: Decodable {
        let id: String
        let version: String
        let closeIsDurable: Bool
        let ssh: Agreement

        enum CodingKeys: String, CodingKey {
            case id, version, ssh
            case closeIsDurable = "close_is_durable"
        }
    }

    struct Agreement: Decodable {
        let cipher: String?
    }

    /// Dictionaries are by server.
    struct Measurement: Decodable {
        let id: String
        let title: String
        let operations: Int
        let compared: [String: Int]
        let summary: [String: Summary]
        let samples: [String: [Sample]]
    }

    struct Summary: Decodable {
        let times: [String: Double]
    }

    struct Sample: Decodable {
        let seconds: Double
        let peakKiB: Int

        enum CodingKeys: String, CodingKey {
            case seconds
            case peakKiB = "peak_kib"
        }
    }
}
