import Foundation
import TestSupport
import Testing

/// Machines that let secrets reach a disk, or do not confine sessions: people are told at the start, and by doctor.
@Suite(.serialized) struct MachineTests {
    private let vault: ToolVault

    init() throws { vault = try ToolVault() }

    /// What doctor notes of the machine, and what the first lines of a server warn of, in surroundings that a program
    /// makes which runs the rest of the line.
    private func told(_ surroundings: [String]) throws -> (notes: [String], warnings: [String]) {
        let doctor = try Command.run(
            surroundings[0],
            surroundings.dropFirst() + [RunningServer.program, "doctor", "--json", "-c", vault.configuration.path])
        let notes = try doctor.json().filter { $0["check"] as? String == "machine" }
        let output = try vault.scratch.file("output", Data())
        let server = try ChildProcess(
            surroundings[0],
            surroundings.dropFirst() + [
                RunningServer.program, "serve", "-c", vault.configuration.path, "--listen", "127.0.0.1:0",
            ], streams: [.null, .writing(output), .null])
        try waitUntil("it serves") { try String(contentsOf: output, encoding: .utf8).contains("stop:") }
        server.signal(SIGTERM)
        _ = server.wait()
        let lines = try String(contentsOf: output, encoding: .utf8).split(separator: "\n")
        return (
            notes.compactMap { $0["path"] as? String },
            lines.filter { $0.hasPrefix("  warning:   ") }.map { String($0.dropFirst(13)) }
        )
    }

    @Test(.enabled(if: BareRoot.obstacle == nil, "\(BareRoot.obstacle ?? "")"))
    func swapSpaceThatIsNotEncrypted() throws {
        let file = try vault.scratch.file("a swap file", Data("x".utf8))
        let shown = file.path.replacing(" ", with: "\\040")
        let swaps = try vault.scratch.file(
            "swaps", Data("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n\(shown) file\t1\t0\t-2\n".utf8))
        let line = "mount --bind \(swaps.path) /proc/swaps && exec \"$@\""
        let (notes, warnings) = try told(["unshare", "--mount", "sh", "-c", line, "sh"])
        #expect(notes.contains(file.path), "\(notes)")
        #expect(
            warnings.contains(
                "\(file.path): this swap space is not encrypted: parts of files and keys can stay on the disk"))
    }

    @Test(.enabled(if: OtherUser.obstacle == nil, "\(OtherUser.obstacle ?? "")"))
    func memoryThatCannotBeLocked() throws {
        // Root may lock memory without a limit, unless it has lost that capability.
        let surroundings = ["setpriv", "--bounding-set=-ipc_lock", "prlimit", "--memlock=0:0"]
        let (notes, warnings) = try told(surroundings)
        #expect(notes.contains("RLIMIT_MEMLOCK"), "\(notes)")
        #expect(warnings.contains { $0.hasPrefix("RLIMIT_MEMLOCK: memory cannot be locked") }, "\(warnings)")
    }

    /// The same kernel, which says that it has no such system call.
    @Test func aKernelWithoutLandlock() throws {
        let script = """
            import ctypes, os, struct, sys
            # Loads the number of the call; 444 is landlock_create_ruleset everywhere, 38 ENOSYS.
            code = [(0x20, 0, 0, 0), (0x15, 0, 1, 444), (0x06, 0, 0, 0x00050000 | 38), (0x06, 0, 0, 0x7fff0000)]
            filter = b"".join(struct.pack("HBBI", *one) for one in code)
            buffer = ctypes.create_string_buffer(filter)
            program = struct.pack("HxxxxxxP", len(code), ctypes.addressof(buffer))
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.c_char_p(program), 0, 0): sys.exit(99)
            os.execvp(sys.argv[1], sys.argv[1:])
            """
        let (notes, warnings) = try told(["python3", "-c", script])
        #expect(notes.contains("Landlock"), "\(notes)")
        #expect(warnings.contains("Landlock: this kernel does not confine sessions to their files"), "\(warnings)")
    }
}
