import Foundation
import TestSupport

/// Where somebody recovers, years later: a clean GnuPG home, a directory, and a shell.
final class RecoveryPlace {
    enum Machine {
        case this
        /// With nothing but GnuPG, no network, and as a user without rights.
        case minimalDebian

        /// Those of this run: it takes long to make the other machine.
        static let all: [Machine] = Effort.isFull ? [.this, .minimalDebian] : [.this]
    }

    /// The commands of a sheet, word for word.
    static func commands(of sheet: URL) throws -> [String] {
        try String(contentsOf: sheet, encoding: .utf8).split(separator: "\n").filter { $0.hasPrefix("    ") }
            .map { String($0.dropFirst(4)) }
    }

    private static let nobody = "65534:65534"

    private let scratch: Scratch
    private let root: BareRoot?
    /// What is brought along goes here, and what is restored comes here.
    let directory: URL
    /// The GnuPG home, as this machine has it.
    let home: URL

    /// - Parameter directory: one that is there, for this machine.
    /// - Throws: ``Unexpected`` when there can be no such machine here.
    init(_ machine: Machine = .this, in directory: URL? = nil, passphrase: String) throws {
        scratch = try Scratch()
        switch machine {
        case .this:
            root = nil
            self.directory = directory ?? scratch.url
            home = scratch.url.appending(path: "clean")
        case .minimalDebian:
            if let obstacle = BareRoot.obstacle { throw Unexpected(description: "no bare root: \(obstacle)") }
            let root = try BareRoot(.debian(packages: ["gnupg"]))
            self.root = root
            self.directory = root.vault
            home = root.scratch.url.appending(path: "clean")
        }
        try makeHome(passphrase)
    }

    deinit { _ = try? Command.run("gpgconf", ["--homedir", home.path, "--kill", "all"]) }

    /// Makes the GnuPG home, with a pinentry that types the passphrase: nobody sits before this machine.
    private func makeHome(_ passphrase: String) throws {
        try FileManager.default.createDirectory(
            at: home, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        let script = """
            #!/bin/sh
            echo OK
            while read -r command rest; do
                case $command in
                GETPIN) echo "D \(passphrase)"; echo OK ;;
                BYE) echo OK; exit ;;
                *) echo OK ;;
                esac
            done
            """
        let pinentry = home.appending(path: "pinentry")
        try Data(script.utf8).write(to: pinentry)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: pinentry.path)
        try typePassphrase(in: home)
    }

    /// Has the agent of a GnuPG home ask that pinentry.
    func typePassphrase(in home: URL) throws {
        // The same work as a person's machine does, in less time.
        let pinentry = self.home.appending(path: "pinentry")
        try Data("pinentry-program \(seen(pinentry))\ns2k-count 65536\n".utf8).write(
            to: home.appending(path: "gpg-agent.conf"))
    }

    /// A path as whoever works in that place has it.
    private func seen(_ file: URL) -> String {
        guard let root else { return file.path }
        return String(file.path.dropFirst(root.scratch.url.path.count))
    }

    /// Runs a command of the sheet in the directory, word for word.
    ///
    /// - Parameter shell: with its arguments.
    func run(_ command: String, by shell: [String] = ["sh"]) throws -> Command {
        let here =
            ["env", "-C", seen(directory), "GNUPGHOME=\(seen(home))", "HOME=\(seen(home))", "LC_ALL=C.UTF-8"]
            + shell + ["-c", command]
        guard let root else { return try Command.run(here[0], Array(here.dropFirst()), seconds: 600) }
        try give(root.vault)
        try give(home)
        // An agent that gpg has started ends with its GnuPG home; the root's /proc goes with the namespace.
        let inside =
            "mount --bind /proc \"$1/proc\" && root=$1 && shift && exec chroot --userspec=\(Self.nobody) \"$root\" \"$@\""
        return try Command.run(
            "unshare", ["--mount", "--net", "sh", "-c", inside, "sh", root.scratch.url.path] + here, seconds: 600)
    }

    private func give(_ directory: URL) throws {
        let given = try Command.run("chown", ["-R", Self.nobody, directory.path])
        guard given.status == 0 else { throw Unexpected(description: given.errors) }
    }
}
