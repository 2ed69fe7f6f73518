/* SPDX-License-Identifier: Apache-2.0 */
/* The bare cost of one license's cryptography on P-256: the OpenSSL calls that it needs, made as the
 * server makes them, and nothing else. Algorithms are fetched and contexts prepared before, no key is
 * checked twice, and what a license doesn't need is not done. No authority can do with less.
 *
 * usage: crypto_cost [ROUNDS]
 *
 * Prints the CPU time of each part in nanoseconds, the median over batches, as one JSON object: what
 * every license needs, and what one needs whose token and client key were never seen. */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"

enum {
    ROUNDS = 4000,
    BATCHES = 20,
    TOKEN_BYTES = 400,    /* what an identity provider signs */
    LICENSE_BYTES = 1300, /* header and claims of a use license, in base64url */
    POLICY_BYTES = 200,   /* of one recipient */
    AAD_BYTES = 130,      /* the clear header */
    THUMBPRINT_BYTES = 119,
    POINT_BYTES = 65,
    KEY_BYTES = 32,
    TAG_BYTES = 16,
    SIGNATURE_BYTES = 80,
};

static EVP_PKEY *signing, *client, *ephemeral;
static EVP_PKEY_CTX *generator;
static EVP_MD *sha256;
static EVP_MD_CTX *digest, *signer;
static EVP_CIPHER *gcm, *wrap;
static EVP_CIPHER_CTX *cipher, *wrapper;
static EVP_MAC *hmac;
static EVP_MAC_CTX *mac;
static unsigned char bytes[2048], sealed[2048], tag[TAG_BYTES], signature[SIGNATURE_BYTES];
static unsigned char point[POINT_BYTES];
static size_t signature_len;

/* --- what every license needs ------------------------------------------------------------------- */

static void hmac_once(void)
{
    unsigned char out[KEY_BYTES];
    size_t len;
    CH_ASSERT(EVP_MAC_init(mac, bytes, KEY_BYTES, NULL) == 1);
    CH_ASSERT(EVP_MAC_update(mac, bytes, KEY_BYTES) == 1);
    CH_ASSERT(EVP_MAC_final(mac, out, &len, sizeof out) == 1);
}

static void open_box(size_t len)
{
    unsigned char out[sizeof bytes];
    int done;
    CH_ASSERT(EVP_DecryptInit_ex2(cipher, gcm, bytes, bytes, NULL) == 1);
    CH_ASSERT(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) == 1);
    CH_ASSERT(EVP_DecryptUpdate(cipher, NULL, &done, bytes, AAD_BYTES) == 1);
    CH_ASSERT(EVP_DecryptUpdate(cipher, out, &done, sealed, (int)len) == 1);
    CH_ASSERT(EVP_DecryptFinal_ex(cipher, out, &done) == 1);
}

static void close_box(size_t len)
{
    int done;
    CH_ASSERT(EVP_EncryptInit_ex2(cipher, gcm, bytes, bytes, NULL) == 1);
    CH_ASSERT(EVP_EncryptUpdate(cipher, NULL, &done, bytes, AAD_BYTES) == 1);
    CH_ASSERT(EVP_EncryptUpdate(cipher, sealed, &done, bytes, (int)len) == 1);
    CH_ASSERT(EVP_EncryptFinal_ex(cipher, sealed, &done) == 1);
    CH_ASSERT(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, tag) == 1);
}

/* The content's sealing key by HKDF: two HMACs (RFC 5869). */
static void derive(void)
{
    hmac_once();
    hmac_once();
}

/* The boxes of the publishing license, content key and policy. What is opened was sealed before, so
 * the cost of sealing is taken off. */
static void seal_both(void)
{
    close_box(KEY_BYTES);
    close_box(POLICY_BYTES);
}

static void seal_and_open_both(void)
{
    close_box(KEY_BYTES);
    open_box(KEY_BYTES);
    close_box(POLICY_BYTES);
    open_box(POLICY_BYTES);
}

static void generate(void)
{
    EVP_PKEY_free(ephemeral);
    ephemeral = NULL;
    CH_ASSERT(EVP_PKEY_generate(generator, &ephemeral) == 1);
}

/* The peer's point was checked when its key was parsed. */
static void agree(void)
{
    unsigned char shared[KEY_BYTES];
    size_t len = sizeof shared;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, ephemeral, NULL);
    CH_ASSERT(EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer_ex(ctx, client, 0) == 1);
    CH_ASSERT(EVP_PKEY_derive(ctx, shared, &len) == 1);
    EVP_PKEY_CTX_free(ctx);
}

/* The key of the agreement by one SHA-256, the content-encryption key wrapped by it, and the content
 * key encrypted (RFC 7518 §4.6, RFC 3394). */
static void encrypt_content_key(void)
{
    unsigned char out[2 * KEY_BYTES];
    unsigned len;
    int done;
    CH_ASSERT(RAND_priv_bytes(out, KEY_BYTES) == 1 && RAND_bytes(out, 12) == 1);
    CH_ASSERT(EVP_DigestInit_ex(digest, sha256, NULL) == 1);
    CH_ASSERT(EVP_DigestUpdate(digest, bytes, 2 * KEY_BYTES) == 1);
    CH_ASSERT(EVP_DigestFinal_ex(digest, out, &len) == 1);
    CH_ASSERT(EVP_CIPHER_CTX_reset(wrapper) == 1);
    EVP_CIPHER_CTX_set_flags(wrapper, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    CH_ASSERT(EVP_EncryptInit_ex2(wrapper, wrap, bytes, NULL, NULL) == 1);
    CH_ASSERT(EVP_EncryptUpdate(wrapper, out, &done, bytes, KEY_BYTES) == 1);
    close_box(KEY_BYTES);
}

static void sign_bytes(size_t len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    signature_len = sizeof signature;
    CH_ASSERT(EVP_MD_CTX_copy_ex(ctx, signer) == 1);
    CH_ASSERT(EVP_DigestSign(ctx, signature, &signature_len, bytes, len) == 1);
    EVP_MD_CTX_free(ctx);
}

static void sign(void)
{
    sign_bytes(LICENSE_BYTES);
}

/* --- what is new at the first license of a token and a client key -------------------------------- */

static void verify(void)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    CH_ASSERT(EVP_DigestVerifyInit_ex(ctx, NULL, "SHA2-256", NULL, NULL, signing, NULL) == 1);
    CH_ASSERT(EVP_DigestVerify(ctx, signature, signature_len, bytes, TOKEN_BYTES) == 1);
    EVP_MD_CTX_free(ctx);
}

/* A point on the curve, which the parsing checks, and its thumbprint (RFC 7638). */
static void parse_client_key(void)
{
    char group[] = "P-256";
    unsigned char out[KEY_BYTES];
    unsigned len;
    EVP_PKEY *key = NULL;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    CH_ASSERT(EVP_PKEY_fromdata_init(ctx) == 1);
    CH_ASSERT(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) == 1);
    CH_ASSERT(EVP_DigestInit_ex(digest, sha256, NULL) == 1);
    CH_ASSERT(EVP_DigestUpdate(digest, bytes, THUMBPRINT_BYTES) == 1);
    CH_ASSERT(EVP_DigestFinal_ex(digest, out, &len) == 1);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
}

/* --- measuring ---------------------------------------------------------------------------------- */

static double cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double measure(void (*run)(void), int rounds)
{
    double batches[BATCHES];
    run();
    for (int b = 0; b < BATCHES; b++) {
        int rounds_each = rounds / BATCHES;
        double start = cpu_ns();
        for (int i = 0; i < rounds_each; i++) {
            run();
        }
        batches[b] = (cpu_ns() - start) / rounds_each;
    }
    qsort(batches, BATCHES, sizeof batches[0], compare);
    return batches[BATCHES / 2];
}

static void prepare(void)
{
    char name[] = "SHA256";
    size_t len;
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                                 OSSL_PARAM_construct_end()};
    signing = EVP_EC_gen("P-256");
    client = EVP_EC_gen("P-256");
    sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    digest = EVP_MD_CTX_new();
    signer = EVP_MD_CTX_new();
    CH_ASSERT(EVP_DigestSignInit_ex(signer, NULL, "SHA2-256", NULL, NULL, signing, NULL) == 1);
    gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    wrap = EVP_CIPHER_fetch(NULL, "AES-256-WRAP", NULL);
    cipher = EVP_CIPHER_CTX_new();
    wrapper = EVP_CIPHER_CTX_new();
    hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    mac = EVP_MAC_CTX_new(hmac);
    generator = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    CH_ASSERT(EVP_MAC_CTX_set_params(mac, params) == 1 && EVP_PKEY_keygen_init(generator) == 1);
    CH_ASSERT(EVP_PKEY_CTX_set_group_name(generator, "P-256") == 1);
    CH_ASSERT(RAND_bytes(bytes, sizeof bytes) == 1);
    CH_ASSERT(EVP_PKEY_get_octet_string_param(client, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point,
                                              &len) == 1);
}

static void finish(void)
{
    EVP_PKEY_free(signing);
    EVP_PKEY_free(client);
    EVP_PKEY_free(ephemeral);
    EVP_PKEY_CTX_free(generator);
    EVP_MD_free(sha256);
    EVP_MD_CTX_free(digest);
    EVP_MD_CTX_free(signer);
    EVP_CIPHER_free(gcm);
    EVP_CIPHER_free(wrap);
    EVP_CIPHER_CTX_free(cipher);
    EVP_CIPHER_CTX_free(wrapper);
    EVP_MAC_CTX_free(mac);
    EVP_MAC_free(hmac);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : ROUNDS;
    CH_ASSERT(rounds >= BATCHES);
    prepare();
    double derived = measure(derive, rounds);
    double opened = measure(seal_and_open_both, rounds) - measure(seal_both, rounds);
    double generated = measure(generate, rounds), agreed = measure(agree, rounds);
    double encrypted = measure(encrypt_content_key, rounds), signed_ = measure(sign, rounds);
    sign_bytes(TOKEN_BYTES);
    double verified = measure(verify, rounds), parsed = measure(parse_client_key, rounds);
    double hot = derived + opened + generated + agreed + encrypted + signed_;
    printf("{\"derive_ns\": %.0f, \"open_ns\": %.0f, \"generate_ns\": %.0f, \"agree_ns\": %.0f, "
           "\"encrypt_ns\": %.0f, \"sign_ns\": %.0f, \"verify_ns\": %.0f, \"parse_ns\": %.0f, "
           "\"hot_ns\": %.0f, \"cold_ns\": %.0f}\n",
           derived, opened, generated, agreed, encrypted, signed_, verified, parsed, hot,
           hot + verified + parsed);
    finish();
    return 0;
}
