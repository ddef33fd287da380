internal import Foundation

/// QR codes, drawn by the program qrencode if it is installed.
enum QRCode {
    /// Draws a text as a QR code.
    ///
    /// - Parameter text: passed to the program through a pipe; an encrypted secret key, for example.
    /// - Returns: an SVG drawing for an HTML page; nil when the program is missing, or the text is too long for a code.
    static func svg(_ text: Data) -> String? {
        // The first level that has room for the text: it tolerates more damage, and paper is kept for years.
        for level in ["M", "L"] {
            if let drawing = try? run(
                ["--inline", "--rle", "-t", "SVG", "-m", "4", "-l", level, "-8", "-o", "-"], text)
            {
                return drawing
            }
        }
        return nil
    }

    private struct NoCode: Error {}

    private static func run(_ arguments: [String], _ text: Data) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["qrencode"] + arguments
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        // A key is a few thousand bytes long, and a pipe holds 64 KiB: this does not wait for the program.
        try input.fileHandleForWriting.write(contentsOf: text)
        try input.fileHandleForWriting.close()
        let drawing = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0, let start = drawing.range(of: Data("<svg".utf8))?.lowerBound else {
            throw NoCode()
        }
        return String(decoding: drawing[start...], as: UTF8.self)
    }
}
