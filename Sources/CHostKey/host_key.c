#define _GNU_SOURCE
#include "CHostKey.h"

#include <dlfcn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stddef.h>

// libssh 0.10 has no callback for host key signatures. It makes them with EVP_DigestSign, which it uses for nothing else,
// and a function of the program comes before the library's of the same name (ld.so(8), symbol lookup).
static host_key_signer delegate;
static void *delegate_context;

void host_key_delegate(host_key_signer signer, void *context)
{
    delegate = signer;
    delegate_context = context;
}

int EVP_DigestSign(EVP_MD_CTX *context, unsigned char *signature, size_t *length, const unsigned char *data, size_t count)
{
    static int (*next)(EVP_MD_CTX *, unsigned char *, size_t *, const unsigned char *, size_t);
    const EVP_MD *hash = EVP_MD_CTX_get0_md(context);
    long room;
    int result;

    if (delegate == NULL) {
        if (next == NULL)
            *(void **)&next = dlsym(RTLD_NEXT, "EVP_DigestSign");
        return next != NULL ? next(context, signature, length, data, count) : 0;
    }
    if (signature == NULL)
        return 0;
    room = (long)*length;
    result = delegate(delegate_context, hash != NULL ? 8 * EVP_MD_get_size(hash) : 0, data, (long)count, signature, &room);
    *length = (size_t)room;
    return result;
}

struct host_key *host_key_from_pem(const char *text)
{
    BIO *source = BIO_new_mem_buf(text, -1);
    EVP_PKEY *key = source != NULL ? PEM_read_bio_PrivateKey(source, NULL, NULL, "") : NULL;

    BIO_free(source);
    return (struct host_key *)key;
}

struct host_key *host_key_from_ed25519(const unsigned char *seed)
{
    return (struct host_key *)EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
}

void host_key_free(struct host_key *key)
{
    EVP_PKEY_free((EVP_PKEY *)key);
}

int host_key_sign(const struct host_key *key, int hash_bits, const unsigned char *data, long count,
                  unsigned char *signature, long *length)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const EVP_MD *hash = hash_bits == 256 ? EVP_sha256() : hash_bits == 512 ? EVP_sha512() : NULL;
    size_t size = (size_t)*length;
    int result = 0;

    if (context != NULL && EVP_DigestSignInit(context, NULL, hash, NULL, (EVP_PKEY *)(void *)key) == 1)
        result = EVP_DigestSign(context, signature, &size, data, (size_t)count);
    EVP_MD_CTX_free(context);
    *length = (long)size;
    return result == 1 ? 1 : 0;
}
