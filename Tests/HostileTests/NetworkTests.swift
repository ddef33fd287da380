import Foundation
import TestSupport
import Testing

/// Clients of other machines, which a second network namespace stands for: they are counted by their addresses.
@Suite(.serialized, .enabled(if: BareRoot.obstacle == nil, "\(BareRoot.obstacle ?? "")"))
struct NetworkTests {
    /// Two namespaces with a cable between them; the server is in this one, and `$client` has clients run in the other.
    private static let cable = """
        set -eu
        ip link set lo up
        ip link add near type veth peer name far
        unshare --net sleep 600 </dev/null >/dev/null 2>&1 &
        other=$!
        trap 'kill $other' EXIT
        # Until the process is in a namespace of its own.
        while [ "$(readlink /proc/$other/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do :; done
        ip link set far netns $other
        client="nsenter --net --target $other"
        ip addr add 10.9.0.1/24 dev near
        ip addr add fd09::1/64 dev near nodad
        ip link set near up
        for address in 10.9.0.2/24 10.9.0.3/24; do $client ip addr add $address dev far; done
        for address in fd09::2/64 fd09::3/64 fd09::4/64; do $client ip addr add $address dev far nodad; done
        $client ip link set far up
        "$1" serve -c "$2" --listen "$3" >"$4" 2>&1 &
        server=$!
        trap 'kill $other $server' EXIT
        until grep -q stop: "$4"; do kill -0 $server; done
        shift 4
        $client python3 "$@"
        """

    /// Connects from each address in turn, and keeps the connections: prints the first words of each.
    private static let connect = """
        import socket, sys
        held = []
        for source in sys.argv[2:]:
            held.append(socket.create_connection((sys.argv[1], 2200), 10, (source, 0)))
            print(source, held[-1].recv(100).split(b"\\r")[0].decode(), flush=True)
        """

    @Test(arguments: [
        ("10.9.0.1", ["10.9.0.2", "10.9.0.2", "10.9.0.2", "10.9.0.3"], [true, true, false, true]),
        // One machine may choose from 64 bits.
        ("fd09::1", ["fd09::2", "fd09::3", "fd09::4"], [true, true, false]),
    ])
    func limitsCountAddresses(host: String, sources: [String], served: [Bool]) throws {
        let scratch = try Scratch()
        try TestVaults.copy([("alice", "rw")], to: scratch.url)
        let configuration = scratch.url.appending(path: "Configs/server.conf")
        let text = try String(contentsOf: configuration, encoding: .utf8) + "\n[limits]\nsessions_per_address = 2\n"
        try Data(text.utf8).write(to: configuration)
        let listen = host.contains(":") ? "[\(host)]:2200" : "\(host):2200"
        let run = try Command.run(
            "unshare",
            [
                "--net", "sh", "-c", Self.cable, "sh", RunningServer.program, configuration.path, listen,
                scratch.path("log"), "-c", Self.connect, host,
            ] + sources, seconds: 60)
        let log = try? String(contentsOfFile: scratch.path("log"), encoding: .utf8)
        #expect(run.status == 0, "\(run.errors) \(log ?? "")")
        let expected = zip(sources, served).map { source, isServed in
            "\(source) " + (isServed ? "SSH-2.0-cryptsftp" : "cryptsftp: no more than 2 connections from this address")
        }
        #expect(run.text.split(separator: "\n").map(String.init) == expected)
    }
}
