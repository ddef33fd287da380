import CLinux
import Foundation
import Platform
import SFTP
import Secrets
import Server
import ServerConfiguration
import Vault

// Stands in for the session of a real monitor, and asks it for what a session must not get; prints what it got.
//   RogueSession SERVER.CONF STEP…
// The steps are made one after the other:
//   sign COUNT SIZE BITS     COUNT signatures of SIZE bytes
//   password USER PASSWORD   a login
//   offer USER KEY           a public key, as in a file of public keys
//   login USER KEY           a login by it
//   encrypt, decrypt, key    an operation of gpg, without files
//   garbage COUNT            COUNT random bytes
//   empty                    a packet of no bytes
//   promise                  the announcement of a secret that does not come
let arguments = CommandLine.arguments
signal(SIGPIPE, SIG_IGN)
let file = URL(filePath: arguments[1])
let parameters = SessionParameters(
    configurationFile: file.path, configurationText: try String(contentsOf: file, encoding: .utf8), listener: getpid(),
    peer: "127.0.0.1", logLevel: "debug", known: nil, visitKey: Array(repeating: 1, count: 32))
let (monitorEnd, ownEnd) = try MessageSocket.pair()
let (linkEnd, link) = try OwnedDescriptor.socketPair(keepsMessages: false)
let (keysEnd, keys) = try MessageSocket.pair()
let (_, notice) = try OwnedDescriptor.pipe()
let monitor = linux_fork()
if monitor == 0 {
    // Its session is the process that has started it, which it cannot wait for.
    for end in [ownEnd.descriptor, keysEnd.descriptor, linkEnd] { close(end.raw) }
    let process = try MonitorProcess(
        of: getppid(), MonitorChannel(monitorEnd), stop: notice, ListenerLink(descriptor: link.raw), keys: keys,
        parameters)
    exit(process.run())
}
close(monitorEnd.descriptor.raw)
close(keysEnd.descriptor.raw)

// The listener's part: a failed login is delayed by a millisecond, and a visit gets the account's home.
Thread {
    let end = LinkEnd(linkEnd)
    while let events = end.read() {
        for case .asked(let question) in events {
            if case .visit(let account, _) = question {
                let path = file.deletingLastPathComponent().appending(path: "../data/\(account)/visit").path
                mkdir(path, 0o700)
                guard let identity = try? Directory(path: path).identity() else { continue }
                _ = end.answer(.visit(Array("visit".utf8), identity))
            } else {
                _ = end.answer(.delay(1))
            }
        }
        var waiting = pollfd(fd: linkEnd.raw, events: Int16(POLLIN), revents: 0)
        poll(&waiting, 1, 100)
    }
}.start()

let channel = MonitorChannel(ownEnd)

/// Prints the kind of an answer, how many files came with it, and whether a secret did.
@MainActor func show(_ what: String) -> Bool {
    guard let message = try? channel.receive() else {
        print(what, "-> the monitor has ended")
        return false
    }
    let kind = String(decoding: message.packet, as: UTF8.self).prefix { $0 != ":" }.filter { $0.isLetter }
    print(what, "->", kind, message.descriptors.count, message.secret == nil ? "" : "secret")
    return true
}

@MainActor func ask(_ what: String, _ request: MonitorRequest, secret: String? = nil) -> Bool {
    let secret = secret.flatMap { text in Array(text.utf8).withUnsafeBytes { SecretBytes(copying: $0) } }
    _ = try? channel.send(request.packet, secret: secret)
    return show(what)
}

func blob(_ path: String) -> [UInt8] {
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    return Data(base64Encoded: text.split(separator: " ").dropFirst().first.map(String.init) ?? "").map { Array($0) }
        ?? []
}

var goesOn = show("start")
for step in arguments.dropFirst(2) where goesOn {
    let words = step.split(separator: " ").map(String.init)
    let user = Array((words.count > 1 ? words[1] : "").utf8)
    switch words[0] {
    case "sign":
        let size = Int(words[2]) ?? 0
        for number in 1...(Int(words[1]) ?? 1) where goesOn {
            let hash = (0..<size).map { _ in UInt8.random(in: .min ... .max) }
            goesOn = ask("\(step) (\(number))", .sign(exchangeHash: hash, hashBits: UInt32(words[3]) ?? 0))
        }
    case "password": goesOn = ask(step, .password(user: user), secret: words.dropFirst(2).joined(separator: " "))
    case "nothing": goesOn = ask(step, .password(user: user))
    case "offer": goesOn = ask(step, .keyOffer(user: user, key: blob(words[2])))
    case "login": goesOn = ask(step, .keyLogin(user: user, key: blob(words[2])))
    case "encrypt": goesOn = ask(step, .encrypt(isPartial: false))
    case "decrypt": goesOn = ask(step, .decrypt)
    case "key": goesOn = ask(step, .sessionKey(beginning: [1, 2, 3]))
    case "garbage":
        let bytes = (0..<(Int(words[1]) ?? 1)).map { _ in UInt8.random(in: .min ... .max) }
        bytes.withUnsafeBytes { _ = try? ownEnd.send($0) }
        goesOn = show(step)
    case "empty":
        _ = try? channel.send([])
        goesOn = show(step)
    case "promise":
        ([0, 0, 0, 9] + MonitorRequest.password(user: user).packet).withUnsafeBytes { _ = try? ownEnd.send($0) }
        goesOn = show(step)
    default: print("unknown step")
    }
}
close(ownEnd.descriptor.raw)
exit(0)
