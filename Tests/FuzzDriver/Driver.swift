private import CLibFuzzer
private import Foundation
private import FuzzSupport

/// libFuzzer over one ``FuzzTarget``: the first argument names it, the others are libFuzzer's own.
@main
enum Driver {
    static func main() {
        guard let target = CommandLine.arguments.dropFirst().first.flatMap(FuzzTarget.init) else {
            print(
                "usage: FuzzDriver \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) [libFuzzer's arguments]"
            )
            exit(2)
        }
        setenv("CRYPTSFTP_FUZZ_TARGET", target.rawValue, 1)
        let rest = [CommandLine.arguments[0]] + CommandLine.arguments.dropFirst(2)
        var count = Int32(rest.count)
        // libFuzzer keeps them as long as it runs.
        let strings = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: rest.count + 1)
        for (index, argument) in rest.enumerated() { strings[index] = strdup(argument) }
        strings[rest.count] = nil
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = strings
        exit(LLVMFuzzerRunDriver(&count, &arguments, entry))
    }
}

/// A C function carries nothing with it: it finds the target where `main` has put it.
private let target = getenv("CRYPTSFTP_FUZZ_TARGET").flatMap { FuzzTarget(rawValue: String(cString: $0)) }

private let entry: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32 = { data, count in
    do {
        try target?.run(Array(UnsafeBufferPointer(start: data, count: count)))
    } catch {
        // What libFuzzer sees as a finding.
        fatalError("\(error)")
    }
    return 0
}
