private import Foundation

/// A gpg that fails on demand, in a directory of its own that a server's `PATH` begins with.
///
/// The directory is gpg's own for the server, so that a session that has confined itself may still run it and read what
/// it is to do.
package final class BrokenGnuPG {
    /// What goes wrong.
    package enum Fault: String, CaseIterable, Sendable {
        /// It is killed as soon as it is started.
        case dies
        /// It ends well at once, and has done nothing.
        case idles
        /// It reads all, ends well, and has written nothing.
        case swallows
        /// It writes what is no message, and ends well.
        case babbles
        /// It does its work and says so, but the end of what it writes is missing.
        case shortens
        /// It works with the beginning of what it is given, and says that all is well.
        case stopsReading
        /// It is killed in the middle.
        case diesHalfway
        /// It reads nothing and never ends.
        case hangs
        /// It reads all, writes nothing and never ends.
        case hangsAtTheEnd

        /// It works with other bytes than it is given, as many, and says that all is well.
        case alters
        /// It does its work, and what it has written as secret keys lacks some bytes; says that all is well.
        case damages
        /// The same, but the first time only.
        case damagesOnce

        /// Those that show without decrypting what has come out.
        package static var visible: [Fault] { allCases.filter { ![.alters, .damages, .damagesOnce].contains($0) } }

        package var isHanging: Bool { self == .hangs || self == .hangsAtTheEnd }
    }

    /// When it goes wrong: an argument that gpg is called with.
    package enum Operation: String {
        case encrypt, decrypt, passwd, version
        case newKey = "quick-gen-key"
    }

    private let scratch: Scratch
    private let search: String

    /// - Parameter isQuick: whether the GnuPG behind it is ``QuickGnuPG``, which a confined session cannot reach.
    package init(isQuick: Bool = false) throws {
        scratch = try Scratch()
        search = isQuick ? QuickGnuPG.search : GnuPGWrapper.search
        let gpg = try GnuPGWrapper.path(of: "gpg", search)
        let here = scratch.url.path
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path("hang"), withDestinationPath: GnuPGWrapper.path(of: "sleep", search))
        try GnuPGWrapper.writeGPGConf(in: scratch.url, over: search)
        try scratch.file(
            "gpg",
            Data(
                """
                #!/bin/sh
                read -r operation fault <'\(here)/fault'
                case " $* " in
                *" --$operation "*) ;;
                *) exec '\(gpg)' "$@" ;;
                esac
                # gpgme names the descriptor to be read; faults read standard input.
                for argument; do
                    shift
                    case $argument in
                    -\\&*) exec <"/proc/self/fd/${argument#-&}"; argument=- ;;
                    esac
                    set -- "$@" "$argument"
                done
                case $fault in
                dies) kill -9 $$ ;;
                idles) ;;
                swallows) cat >/dev/null ;;
                babbles) head -c 200000 /dev/urandom; cat >/dev/null ;;
                shortens) '\(gpg)' "$@" | head -c -30 ;;
                stopsReading) head -c 100000 | '\(gpg)' "$@" ;;
                alters) tr a b | '\(gpg)' "$@" ;;
                diesHalfway) '\(gpg)' "$@" | { head -c 50000; kill -9 $$; } ;;
                hangs) exec '\(here)/hang' 3600 ;;
                damages | damagesOnce)
                    '\(gpg)' "$@" || exit
                    until [ "$1" = --homedir ]; do shift; done
                    # A confined gpg cannot write here.
                    if [ $fault = damagesOnce ]; then
                        [ ! -e "$2/damaged" ] || exit 0
                        : >"$2/damaged"
                    fi
                    sed -E -i 's/^ [0-9A-F]{10}/ /' "$2"/private-keys-v1.d/*.key
                    ;;
                hangsAtTheEnd) cat >/dev/null; exec '\(here)/hang' 3600 ;;
                esac

                """.utf8), mode: 0o755)
        try mend()
    }

    /// What a server's environment is to have.
    package var environment: [String: String] { ["PATH": "\(scratch.url.path):\(search)"] }

    /// Lets it go wrong from now on.
    package func fail(_ operation: Operation, _ fault: Fault) throws {
        try Data("\(operation.rawValue) \(fault.rawValue)\n".utf8).write(
            to: scratch.url.appending(path: "fault"), options: .atomic)
    }

    package func mend() throws {
        try Data("nothing nothing\n".utf8).write(to: scratch.url.appending(path: "fault"), options: .atomic)
    }

    /// Ends what a tool has left: a gpg that hangs outlives it.
    package func endProcesses() {
        for process in ProcessTable.all() where process.uses(scratch.url.path) { kill(process.identifier, SIGKILL) }
    }

    /// The processes of it that run.
    package var processes: [String] {
        ProcessTable.all().filter { $0.uses(scratch.url.path) }.map { $0.arguments.joined(separator: " ") }
    }
}
