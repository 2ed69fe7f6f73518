/* SPDX-License-Identifier: Apache-2.0 */
/* The bare cost of one license's cryptography on P-256, by OpenSSL alone: the cost that no
 * authority can avoid. Prints nanoseconds per operation as JSON. Keys are prepared where a server
 * can prepare them. */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"

enum { ROUNDS = 3000 };

static EVP_PKEY *signing, *client;
static unsigned char token[600], digest_sig[80];
static size_t sig_len;

static void verify(void)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    CH_ASSERT(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, signing) == 1);
    CH_ASSERT(EVP_DigestVerify(ctx, digest_sig, sig_len, token, sizeof token) == 1);
    EVP_MD_CTX_free(ctx);
}

static void sign(void)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    sig_len = sizeof digest_sig;
    CH_ASSERT(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, signing) == 1);
    CH_ASSERT(EVP_DigestSign(ctx, digest_sig, &sig_len, token, sizeof token) == 1);
    EVP_MD_CTX_free(ctx);
}

/* ECDH-ES: an ephemeral key and one agreement. */
static void agree(void)
{
    unsigned char shared[32];
    size_t len = sizeof shared;
    EVP_PKEY *ephemeral = EVP_EC_gen("P-256");
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(ephemeral, NULL);
    CH_ASSERT(EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, client) == 1);
    CH_ASSERT(EVP_PKEY_derive(ctx, shared, &len) == 1);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(ephemeral);
}

/* Open the sealed policy, encrypt the content key: two small AES-256-GCM operations. */
static void seal_twice(void)
{
    unsigned char key[32] = {1}, iv[12] = {2}, out[256];
    int len;
    for (int i = 0; i < 2; i++) {
        EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
        CH_ASSERT(EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, iv) == 1);
        CH_ASSERT(EVP_EncryptUpdate(ctx, out, &len, token, 200) == 1);
        CH_ASSERT(EVP_EncryptFinal_ex(ctx, out + len, &len) == 1);
        EVP_CIPHER_CTX_free(ctx);
    }
}

static void measure(const char *name, void (*run)(void), const char *end)
{
    run();
    struct mono_time start = clock_mono();
    for (int i = 0; i < ROUNDS; i++) {
        run();
    }
    printf("\"%s\": %lld%s", name, (long long)((clock_mono().ns - start.ns) / ROUNDS), end);
}

int main(void)
{
    signing = EVP_EC_gen("P-256");
    client = EVP_EC_gen("P-256");
    CH_ASSERT(signing != NULL && client != NULL && RAND_bytes(token, sizeof token) == 1);
    printf("{");
    measure("sign_ns", sign, ", ");
    measure("verify_ns", verify, ", ");
    measure("agree_ns", agree, ", ");
    measure("aead_ns", seal_twice, "}\n");
    EVP_PKEY_free(signing);
    EVP_PKEY_free(client);
    return 0;
}
