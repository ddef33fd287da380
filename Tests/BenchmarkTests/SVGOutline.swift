import Foundation
import FoundationXML
import TestSupport

/// The elements and the text of an SVG file that is well-formed.
final class SVGOutline: NSObject, XMLParserDelegate {
    private(set) var root: String?
    private(set) var text = ""
    private var elements: [String: Int] = [:]
    private var open: [String] = []

    init(_ file: Data) throws {
        super.init()
        let parser = XMLParser(data: file)
        parser.delegate = self
        // The parser itself is content with a file that ends too early.
        guard parser.parse(), open.isEmpty, root != nil else {
            throw Unexpected(description: "not well-formed: \(String(describing: parser.parserError)), open: \(open)")
        }
    }

    func count(_ element: String) -> Int { elements[element, default: 0] }

    func parser(
        _ parser: XMLParser, didStartElement element: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        root = root ?? element
        elements[element, default: 0] += 1
        open.append(element)
    }

    func parser(_ parser: XMLParser, didEndElement element: String, namespaceURI: String?, qualifiedName: String?) {
        if open.last == element { open.removeLast() }
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
}
