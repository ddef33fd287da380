import Foundation
import FoundationXML
import TestSupport

/// The elements and the text of an SVG file that is well-formed.
final class SVGOutline: NSObject, XMLParserDelegate {
    private(set) var root: String?
    private(set) var text = ""
    private var elements: [String: Int] = [:]

    init(_ file: Data) throws {
        super.init()
        let parser = XMLParser(data: file)
        parser.delegate = self
        guard parser.parse() else {
            throw Unexpected(description: "not well-formed: \(String(describing: parser.parserError))")
        }
    }

    func count(_ element: String) -> Int { elements[element, default: 0] }

    func parser(
        _ parser: XMLParser, didStartElement element: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        root = root ?? element
        elements[element, default: 0] += 1
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
}
