// swift-tools-version: 6.2
import PackageDescription

// `bin/test` sets CRYPTSFTP_STRICT: there a warning is an error. A user's build must not break on a newer compiler's.
let strict: [SwiftSetting] =
    Context.environment["CRYPTSFTP_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)]

let settings: [SwiftSetting] =
    strict + [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ]

/// Tests are compiled without optimisation, which takes half of the time; what they test, and what helps them, is not.
let testSettings = settings + [.unsafeFlags(["-Onone"])]

/// With CRYPTSFTP_FUZZ, as `bin/fuzz` sets it, there is a driver for libFuzzer too, which an ordinary build cannot
/// link.
let fuzzing: [Target] =
    Context.environment["CRYPTSFTP_FUZZ"] == nil
    ? []
    : [
        .target(name: "CLibFuzzer", path: "Tests/FuzzDriver/CLibFuzzer"),
        .executableTarget(
            name: "FuzzDriver", dependencies: ["FuzzSupport", "CLibFuzzer"], path: "Tests/FuzzDriver",
            exclude: ["CLibFuzzer"], swiftSettings: settings),
    ]

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

// Imports only point down: a target lists here all that it may import, and the build of bin/test checks that
// (--explicit-target-dependency-import-check).
let package = Package(
    name: "cryptsftp",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        .executableTarget(
            name: "cryptsftp",
            dependencies: [
                "Administration", "Server", "ServerConfiguration", "Vault", "SFTP", "SSHTransport", "GnuPG", "OpenPGP",
                "Secrets", "Platform", "CLinux", argumentParser, logging,
            ],
            exclude: ["Documentation.docc"], resources: [.embedInCode("Manual/cryptsftp.1")], swiftSettings: settings),
        .target(
            name: "Server",
            dependencies: [
                "ServerConfiguration", "Vault", "SFTP", "SSHTransport", "GnuPG", "OpenPGP", "Secrets", "Platform",
                "CLinux", logging,
            ],
            swiftSettings: settings),
        .target(
            name: "Administration",
            dependencies: [
                "ServerConfiguration", "Vault", "SFTP", "SSHTransport", "GnuPG", "OpenPGP", "Secrets", "Platform",
            ],
            swiftSettings: settings),
        .target(
            name: "ServerConfiguration", dependencies: ["SSHTransport", "OpenPGP", "Secrets", "Platform"],
            swiftSettings: settings),
        .target(
            name: "Vault", dependencies: ["SFTP", "OpenPGP", "Secrets", "Platform", "CLinux"], swiftSettings: settings),
        .target(name: "SFTP", swiftSettings: settings),
        .target(
            name: "SSHTransport", dependencies: ["CLibSSH", "CHostKey", "Platform", "CLinux"], swiftSettings: settings),
        .target(
            name: "GnuPG", dependencies: ["CGPGME", "OpenPGP", "Secrets", "Platform", "CLinux"],
            swiftSettings: settings),
        .target(
            name: "OpenPGP", dependencies: ["CGcrypt", "Secrets", "Platform", "CLinux"], swiftSettings: settings),
        .target(name: "Secrets", dependencies: ["Platform", "CSodium"], swiftSettings: settings),
        .target(name: "Platform", dependencies: ["CLinux"], swiftSettings: settings),

        .systemLibrary(name: "CLibSSH", pkgConfig: "libssh", providers: [.apt(["libssh-dev"])]),
        .systemLibrary(name: "CGPGME", pkgConfig: "gpgme", providers: [.apt(["libgpgme-dev", "gnupg"])]),
        .systemLibrary(name: "CGcrypt", pkgConfig: "libgcrypt", providers: [.apt(["libgcrypt20-dev"])]),
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        .target(name: "CLinux"),
        .target(name: "CHostKey", linkerSettings: [.linkedLibrary("crypto")]),

        .target(
            name: "TestSupport", dependencies: ["CLinux", "SFTP"], path: "Tests/TestSupport", swiftSettings: settings),
        .testTarget(name: "DocumentationTests", dependencies: ["TestSupport"], swiftSettings: testSettings),
        .testTarget(name: "SFTPTests", dependencies: ["SFTP", "TestSupport"], swiftSettings: testSettings),
        .testTarget(name: "PlatformTests", dependencies: ["Platform", "TestSupport"], swiftSettings: testSettings),
        .testTarget(name: "SecretsTests", dependencies: ["Secrets"], swiftSettings: testSettings),
        .testTarget(
            name: "OpenPGPTests", dependencies: ["GnuPG", "OpenPGP", "Secrets", "TestSupport"],
            swiftSettings: testSettings),
        .testTarget(
            name: "SSHTransportTests", dependencies: ["SSHTransport", "TestSupport"], swiftSettings: testSettings),
        .testTarget(
            name: "VaultTests", dependencies: ["Vault", "SFTP", "GnuPG", "OpenPGP", "Secrets", "TestSupport"],
            swiftSettings: testSettings),
        .executableTarget(
            name: "ConfinedProbe", dependencies: ["Server", "Vault", "CLinux"], path: "Tests/ConfinedProbe",
            swiftSettings: settings),
        .executableTarget(
            name: "RogueSession",
            dependencies: ["Server", "ServerConfiguration", "Vault", "SFTP", "Secrets", "Platform", "CLinux"],
            path: "Tests/RogueSession", swiftSettings: settings),
        .executableTarget(name: "InjectedCall", path: "Tests/InjectedCall"),
        .executableTarget(name: "OldKernel", path: "Tests/OldKernel"),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "Administration", "Server", "ServerConfiguration", "Vault", "SFTP", "SSHTransport", "OpenPGP",
                "Secrets",
                "Platform", "TestSupport", "ConfinedProbe", "OldKernel",
            ],
            swiftSettings: testSettings),
        .testTarget(
            name: "EndToEndTests", dependencies: ["TestSupport", "SFTP", "cryptsftp"], swiftSettings: testSettings),
        .testTarget(
            name: "ToolTests", dependencies: ["TestSupport", "SFTP", "cryptsftp"], swiftSettings: testSettings),
        .testTarget(
            name: "KeyToolTests",
            dependencies: [
                "TestSupport", "Administration", "ServerConfiguration", "Vault", "GnuPG", "OpenPGP", "SFTP",
                "cryptsftp",
            ],
            swiftSettings: testSettings),
        .testTarget(
            name: "FaultTests",
            dependencies: ["TestSupport", "GnuPG", "OpenPGP", "Secrets", "Platform", "SFTP", "cryptsftp"],
            exclude: ["Scripts"], swiftSettings: testSettings),
        .testTarget(
            name: "StickTests", dependencies: ["TestSupport", "SFTP", "cryptsftp"], swiftSettings: testSettings),
        .testTarget(
            name: "BundleTests", dependencies: ["TestSupport"], exclude: ["Scripts"], swiftSettings: testSettings),
        .testTarget(
            name: "BenchmarkTests", dependencies: ["TestSupport", "cryptsftp"], swiftSettings: testSettings),
        .testTarget(
            name: "InteropTests", dependencies: ["TestSupport", "SFTP", "cryptsftp"],
            exclude: ["Scripts", "requirements.txt"], swiftSettings: testSettings),
        .target(
            name: "FuzzSupport",
            dependencies: [
                "SFTP", "OpenPGP", "Secrets", "Server", "ServerConfiguration", "CLinux", "CGcrypt", "TestSupport",
            ],
            path: "Tests/FuzzSupport", swiftSettings: settings),
        .testTarget(
            name: "FuzzTests", dependencies: ["FuzzSupport", "TestSupport", "SFTP", "cryptsftp"],
            exclude: ["Corpus"], swiftSettings: testSettings),
        .testTarget(
            name: "HostileTests",
            dependencies: ["TestSupport", "SFTP", "cryptsftp", "InjectedCall", "RogueSession"],
            exclude: ["Scripts"], swiftSettings: testSettings),
    ] + fuzzing,
    swiftLanguageModes: [.v6]
)
