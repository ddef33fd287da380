internal import Foundation
internal import GnuPG
internal import OpenPGP
private import Platform

/// The recovery sheet: instructions, to be printed, for reading a user's files with GnuPG alone.
///
/// The tests run its commands word for word.
struct RecoverySheet {
    let user: String
    let home: String
    /// The key in use comes first.
    let keys: [KeyDescription]
    let secretKeyFile: String
    let secretKey: String

    /// The steps with their commands.
    ///
    /// Whoever could write to the directory data may have put anything there. So the commands read regular files below
    /// it and follow no link, and they write only where they have made a directory themselves.
    private var steps: [(heading: String, commands: [String])] {
        let directory = home == "." ? "data" : "data/\(home)"
        return [
            (
                "Take a machine with GnuPG (on Debian: the package gnupg). Make a new directory, copy \(secretKeyFile) and "
                    + "the directory data into it, and work there. GnuPG asks for the passphrase.",
                ["gpg --import \(secretKeyFile)"]
            ),
            (
                "To read one file. If the command ends with an error, the file is damaged or was tampered with. If "
                    + "nothing happens, there is no such file.",
                [
                    "[ ! -L taxes.pdf ] && find data -type f "
                        + "-path \(ShellText.quoted(ShellText.pattern(directory + "/taxes.pdf.gpg"))) "
                        + "-exec gpg --output taxes.pdf --decrypt {} +"
                ]
            ),
            (
                "To read all files. They come to the directory restored, which must not be there before. Files that "
                    + "cannot be restored are listed. Files that end in .gpg.part are interrupted uploads, and stay "
                    + "where they are.",
                [
                    #"mkdir -m 700 restored restoring && find data \( -type d -o -type f -name '*.gpg' \) "#
                        + "-path \(ShellText.quoted(ShellText.pattern(directory) + "/*")) "
                        + #"-exec sh -c 'd=$1; shift; for f do t="restored/${f#"$d"/}"; "#
                        + #"if [ -d "$f" ]; then mkdir "$t"; else t="${t%.gpg}"; [ ! -e "$t" ] "#
                        + #"&& gpg --batch --quiet --output restoring/file --decrypt "$f" "#
                        + #"&& touch -r "$f" restoring/file && mv restoring/file "$t" || { rm -f restoring/file; "#
                        // What is printed is for a terminal: a name could have its escape sequences.
                        + #"printf "NOT RESTORED: %s" "$f" | LC_ALL=C tr -c " -~" "?"; echo; }; fi; done' "#
                        + "sh \(ShellText.quoted(directory)) {} +"
                ]
            ),
        ]
    }

    private var title: String { "How to read the files of \(user) with GnuPG" }

    private var facts: [String] {
        keys.map { key in
            let subkeys = key.subkeys.dropFirst().map(\.algorithm).joined(separator: ", ")
            return "\(RecoverySheet.grouped(key.fingerprint))  (\(key.primary.algorithm), \(subkeys))"
        }
    }

    private static func grouped(_ fingerprint: String) -> String {
        stride(from: 0, to: fingerprint.count, by: 4).map { String(fingerprint.dropFirst($0).prefix(4)) }
            .joined(separator: " ")
    }

    private static let notes = [
        "Anyone who has this sheet and the passphrase can read the files. The passphrase is not on the sheet: keep both, in "
            + "different places.",
        "The secret key is printed below, to be typed or scanned. Every file in the directory data is a standard OpenPGP "
            + "message.",
        "In file names, % and two digits stand for a byte that FAT and exFAT cannot store: %3A is a colon.",
    ]

    /// The sheet as plain text.
    var text: String {
        var lines = [title, "", "Key:"] + facts.map { "  \($0)" } + [""] + RecoverySheet.notes.map { "- \($0)" } + [""]
        for (number, step) in steps.enumerated() {
            lines += ["\(number + 1). \(step.heading)", ""] + step.commands.map { "    \($0)" } + [""]
        }
        return (lines + ["\(secretKeyFile):", "", secretKey]).joined(separator: "\n")
    }

    /// The sheet as a page of HTML, with a QR code that a telephone or a scanner can read.
    ///
    /// - Parameter code: an SVG drawing of the secret key as a QR code; without one the page says that there is none.
    func page(code: String?) -> String {
        func escaped(_ text: String) -> String {
            text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
        }
        let steps = steps.map { step in
            let commands = step.commands.map(escaped).joined(separator: "\n")
            return "<li>\(escaped(step.heading))\n<pre>\(commands)</pre></li>"
        }
        let drawing =
            code.map { "<figure>\($0)<figcaption>\(escaped(secretKeyFile)) as a QR code</figcaption></figure>" }
            ?? "<p>There is no QR code: the program qrencode is not installed, or the key is too long for one.</p>"
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <title>\(escaped(title))</title>
            <style>
            body { font: 11pt/1.4 sans-serif; max-width: 48em; margin: 2em auto; color: #000; background: #fff }
            pre { font: 9pt/1.3 monospace; white-space: pre-wrap; overflow-wrap: anywhere; margin: .5em 0 }
            figure { margin: 1em 0; break-inside: avoid } figure svg { width: 12cm; height: 12cm }
            </style>
            </head>
            <body>
            <h1>\(escaped(title))</h1>
            <pre>\(facts.map(escaped).joined(separator: "\n"))</pre>
            <ul>
            \(RecoverySheet.notes.map { "<li>\(escaped($0))</li>" }.joined(separator: "\n"))
            </ul>
            <ol>
            \(steps.joined(separator: "\n"))
            </ol>
            <h2>\(escaped(secretKeyFile))</h2>
            \(drawing)
            <pre>\(escaped(secretKey))</pre>
            </body>
            </html>

            """
    }
}
