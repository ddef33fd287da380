import SSHTransport
import Testing

/// The client's first words, as far as they are looked at.
@Suite struct ClientProposalTests {
    private static let openSSH =
        "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com"

    private func bytes(_ number: Int) -> [UInt8] { (0..<4).reversed().map { UInt8(number >> (8 * $0) & 0xff) } }

    /// An identification, and a packet with these ciphers.
    private func words(_ ciphers: [String], type: UInt8 = 20, line: String = "SSH-2.0-Client\r\n") -> [UInt8] {
        let lists = ["curve25519-sha256", "ssh-ed25519"] + ciphers + ["", "", "", "", "", ""]
        var packet: [UInt8] = [4, type] + [UInt8](repeating: 7, count: 16)
        for list in lists { packet += bytes(list.utf8.count) + Array(list.utf8) }
        packet += [UInt8](repeating: 0, count: 5 + 4)
        return Array(line.utf8) + bytes(packet.count) + packet
    }

    @Test func itIsReadOnceAllOfItIsThere() {
        let words = words([Self.openSSH, "aes128-ctr"])
        for count in 0..<words.count { #expect(ClientProposal.read(Array(words.prefix(count))) == .incomplete) }
        for more in [[], [1, 2, 3]] as [[UInt8]] {
            guard case .proposal(let proposal) = ClientProposal.read(words + more) else {
                Issue.record("it was not read")
                return
            }
            #expect(proposal.ciphers == [Self.openSSH.split(separator: ","), ["aes128-ctr"]])
        }
    }

    @Test func whatIsSomethingElseIsNotWaitedFor() {
        let good = words([Self.openSSH, Self.openSSH])
        #expect(ClientProposal.read(words([Self.openSSH, Self.openSSH], type: 21)) == .other)
        #expect(ClientProposal.read(words([Self.openSSH, ""], line: "GET / HTTP/1.1\r\n")) == .other)
        #expect(ClientProposal.read(Array(repeating: 65, count: 300)) == .other)
        let start = Array("SSH-2.0-Client\r\n".utf8)
        for length in [0, 1, 1 << 20, 0xffff_ffff] { #expect(ClientProposal.read(start + bytes(length)) == .other) }
        // A list that is longer than its packet, and a packet that ends before its lists.
        var long = good
        long.replaceSubrange((start.count + 22)..<(start.count + 26), with: bytes(1 << 30))
        #expect(ClientProposal.read(long) == .other)
        #expect(ClientProposal.read(start + bytes(20) + [4, 20] + Array(repeating: 0, count: 18)) == .other)
    }

    @Test func whoHasGCMIsOfferedNothingElse() {
        func offer(_ lists: [String]) -> String {
            guard case .proposal(let proposal) = ClientProposal.read(words(lists)) else { return "" }
            return Algorithms.ciphers(for: proposal)
        }
        let all = Algorithms.ciphers(for: nil)
        #expect(all.contains("aes256-ctr") && all.contains("aes128-gcm@openssh.com"))
        let narrow = offer([Self.openSSH, Self.openSSH])
        #expect(narrow == "aes256-gcm@openssh.com,aes128-gcm@openssh.com" || all.contains("chacha20"))
        for one in ["aes256-ctr", "aes128-ctr,aes128-cbc", "chacha20-poly1305@openssh.com", ""] {
            #expect(offer([one, one]) == all)
            #expect(offer([Self.openSSH, one]) == all && offer([one, Self.openSSH]) == all)
        }
    }
}
