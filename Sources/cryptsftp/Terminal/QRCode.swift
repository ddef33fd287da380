internal import Foundation

/// QR codes, drawn by the program qrencode where it is installed.
enum QRCode {
    /// Draws a code.
    ///
    /// - Parameter text: it goes to the program through a pipe.
    /// - Returns: an SVG drawing to be put into a page; nil when the program is not there, or the text is too long.
    static func svg(_ text: Data) -> String? {
        // The more of a code may be damaged, the better: what is printed lies in a drawer for years.
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
        // A key is a few thousand bytes: the pipe holds it before anything is read.
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
