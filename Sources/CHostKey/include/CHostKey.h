// Host key signatures in another process than libssh's, and the signatures themselves with libcrypto.
// Only basic types here: a header of the C library would become this module's and no longer Glibc's.
#pragma once

/// Makes the signature of the `count` bytes at `data`, at most `*length` bytes long, and sets `*length`.
///
/// `hash_bits` is the size of the hash in the signature, 0 for Ed25519. Returns 1 for success, as libcrypto does.
typedef int (*host_key_signer)(void *context, int hash_bits, const unsigned char *data, long count,
                               unsigned char *signature, long *length);

/// From now on `signer` makes all signatures of this process that libssh asks libcrypto for.
void host_key_delegate(host_key_signer signer, void *context);

/// A private key of libcrypto (EVP_PKEY).
struct host_key;

/// PEM_read_bio_PrivateKey(3); NULL for a text that is no unencrypted private key.
struct host_key *host_key_from_pem(const char *text);

/// EVP_PKEY_new_raw_private_key(3) for the 32 bytes of an Ed25519 key; NULL when there is no memory.
struct host_key *host_key_from_ed25519(const unsigned char *seed);

/// EVP_PKEY_free(3), which wipes the key.
void host_key_free(struct host_key *key);

/// EVP_DigestSign(3): signs the `count` bytes at `data`, with SHA-256 or SHA-512 for an RSA key, with 0 for Ed25519.
///
/// `*length` is the room at `signature`, and then the signature's length. Returns 1 for success.
int host_key_sign(const struct host_key *key, int hash_bits, const unsigned char *data, long count,
                  unsigned char *signature, long *length);
