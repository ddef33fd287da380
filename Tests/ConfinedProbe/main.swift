import CLinux
import Foundation
import Server
import Vault

// Confines itself as one of the two processes of a connection does, then tries what it is told, and prints what it could
// do.
//   ConfinedProbe login DATA HOME PATH…      as a session before the login
//   ConfinedProbe session DATA HOME PATH…    as a session after it
//   ConfinedProbe monitor DATA HOME PATH…    as a monitor after the login; HOME is its private directory
// Each path is read, written and listed, and the rest is tried once.
let arguments = CommandLine.arguments
print("Landlock of the kernel:", linux_landlock_version())
let directories = try arguments[2...3].map { try Directory(path: $0) }
var inForce: [String] = []
if arguments[1] == "monitor" {
    try Confinement.enterMonitor(
        keys: "/nowhere", data: directories[0], runtime: arguments[3], programDirectory: "/usr/bin")
    try Confinement.narrowMonitor(runtime: arguments[3], programDirectory: "/usr/bin")
} else {
    inForce = try Confinement.enterSession(data: directories[0])
    if arguments[1] == "session" { try Confinement.narrowSession(to: [directories[1]]) }
}
print("in force:", inForce.joined(separator: ", "))
for path in arguments.dropFirst(4) {
    if open(path, O_RDONLY) >= 0 { print("read", path) }
    if open(path, O_WRONLY) >= 0 { print("write", path) }
    if opendir(path) != nil { print("list", path) }
    if creat(path + "/new", 0o600) >= 0 { print("create", path) }
    if mkfifo(path + "/fifo", 0o600) == 0 { print("pipe", path) }
    if symlink("/", path + "/link") == 0 { print("link", path) }
}
for (name, family) in [("inet", AF_INET), ("inet6", AF_INET6), ("unix", AF_UNIX), ("netlink", AF_NETLINK)] {
    for kind in [SOCK_STREAM, SOCK_DGRAM] where socket(family, Int32(kind.rawValue), 0) >= 0 {
        print("\(name) socket")
    }
}
var pair: [Int32] = [0, 0]
for (name, kind) in [("stream", SOCK_STREAM), ("datagram", SOCK_DGRAM)]
where socketpair(AF_UNIX, Int32(kind.rawValue), 0, &pair) == 0 { print("\(name) pair") }
if kill(getppid(), 0) == 0 { print("signal") }
if fcntl(0, F_SETOWN, getppid()) == 0 { print("owner of a signal") }
// TIOCSTI and TIOCLINUX: the error tells whether the kernel has looked at the descriptor.
for (name, request) in [("TIOCSTI", 0x5412), ("TIOCLINUX", 0x541c)] as [(String, UInt)] {
    var byte: CChar = 0
    if ioctl(0, request, &byte) == 0 || errno != EPERM { print(name) }
}
if mmap(nil, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED {
    print("memory to write and run")
}
let process = linux_fork()
if process == 0 { _exit(0) }
if process > 0 { print("a process") }
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
