import Foundation
import GnuPG
import TestSupport
import Testing

/// How a key file protects its secret, read as gpg-agent reads it.
struct SecretKeyFileTests {
    typealias Protection = SecretKeyFile.Protection

    @Test(arguments: [
        (
            "(21:protected-private-key(3:ecc(5:curve7:Ed25519)(1:q1:x)(9:protected25:openpgp-s2k3-ocb-aes)))",
            Protection.passphrase
        ),
        ("(11:private-key(3:ecc(5:curve7:Ed25519)(1:q1:x)(1:d1:y)))", .unprotected),
        ("(20:shadowed-private-key(3:rsa(1:n1:x)(8:shadowed)))", .onCard),
        ("Created: 20260101T000000\nKey: (protected-private-key (ecc (curve Ed25519)\n  (q #00#)))\n", .passphrase),
        ("KEY:  (private-key (ecc (curve Ed25519)(d #00#)))\n", .unprotected),
        // What somebody has written into it to look like another one.
        ("Comment: protected-private-key\nKey: (private-key (ecc (d #00#)))\n", .unprotected),
        ("Key: (private-key (ecc (d #00#)))\nKey: (protected-private-key (ecc))\n", .unprotected),
        ("(11:private-key(7:comment21:protected-private-key))", .unprotected),
        ("(11:private-key(7:comment20:shadowed-private-key))", .unprotected),
        // A key of another program that says that nothing protects it.
        (
            "(21:protected-private-key(3:ecc(9:protected14:openpgp-native(19:openpgp-private-key(10:protection4:none)))))",
            .unprotected
        ),
        (
            "(21:protected-private-key(3:ecc(9:protected14:openpgp-native(19:openpgp-private-key(10:protection3:sha1)))))",
            .passphrase
        ),
        ("", .unprotected), ("(", .unprotected), ("(999999999999999999999:x", .unprotected), ("Key:", .unprotected),
    ])
    func isRead(_ text: String, _ protection: Protection) {
        #expect(Protection(ofFile: Array(text.utf8)) == protection, "\(text)")
    }

    /// Those that gpg has written.
    @Test func ofGnuPG() throws {
        let keys = try TestKeys.shared.get().directory.appending(path: "private-keys-v1.d")
        let names = try FileManager.default.contentsOfDirectory(atPath: keys.path).filter { $0.hasSuffix(".key") }
        #expect(names.count == 2)
        for name in names {
            #expect(try Protection(ofFile: Array(Data(contentsOf: keys.appending(path: name)))) == .passphrase)
        }
    }
}
