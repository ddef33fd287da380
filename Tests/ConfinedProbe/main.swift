import CLinux
import Foundation
import Server
import Vault

// Confines itself as a session does, then tries what it is told, and prints what it could do.
//   ConfinedProbe HOME KEYS PATH…    reads, writes and lists each path, and tries the rest once
let arguments = CommandLine.arguments
print("Landlock of the kernel:", linux_landlock_version())
let inForce = try Confinement.enter(
    changing: [Directory(path: arguments[1])], keys: arguments[2], programDirectory: "/usr/bin")
print("in force:", inForce.joined(separator: ", "))
for path in arguments.dropFirst(3) {
    if open(path, O_RDONLY) >= 0 { print("read", path) }
    if open(path, O_WRONLY) >= 0 { print("write", path) }
    if opendir(path) != nil { print("list", path) }
    if creat(path + "/new", 0o600) >= 0 { print("create", path) }
    if mkfifo(path + "/fifo", 0o600) == 0 { print("pipe", path) }
    if symlink("/", path + "/link") == 0 { print("link", path) }
}
if socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) >= 0 { print("inet socket") }
if socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0) >= 0 { print("unix socket") }
if kill(getppid(), 0) == 0 { print("signal") }
for (name, command) in [("a program", "true"), ("namespace", "unshare -r true"), ("chroot", "chroot / true")] {
    let strings: [UnsafeMutablePointer<CChar>?] = ["sh", "-c", command].map { (word: String) in strdup(word) } + [nil]
    var process: Int32 = 0
    var status: Int32 = -1
    let none = open("/dev/null", O_RDWR)
    if linux_spawn(&process, "/bin/sh", strings, environ, [none, none, none], 3) == 0 { waitpid(process, &status, 0) }
    if status == 0 { print(name) }
}
var thread = pthread_t()
if pthread_create(&thread, nil, { _ in nil }, nil) == 0 { print("thread") }
