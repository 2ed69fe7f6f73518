/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/algs.h"

#include <malloc.h>
#include <pthread.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include <jansson.h>

#include "base/mem.h"
#include "base/slice.h"
#include "crypto/crypto_internal.h"

static struct algs fetched;
static _Thread_local struct algs_contexts *own; /* of this thread; NULL: it had no use for any */
static pthread_key_t at_thread_end;
static bool has_key;

const struct algs *algs(void)
{
    CH_ASSERT(fetched.sha256 != NULL); /* crypto_init was forgotten */
    return &fetched;
}

void openssl_errors_clear(void)
{
    ERR_clear_error();
}

/* A generator of keys on a curve, initialized once and reused for every ephemeral key; NULL for
 * kinds of which we make none. */
static EVP_PKEY_CTX *generator_of(const struct key_type *type)
{
    if (type->group == NULL) {
        return NULL;
    }
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", fetched.properties);
    if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 ||
        EVP_PKEY_CTX_set_group_name(ctx, type->group) != 1) {
        EVP_PKEY_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

static EVP_MAC_CTX *hmac_with_sha256(void)
{
    if (fetched.hmac == NULL) {
        return NULL;
    }
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(fetched.hmac);
    char name[] = "SHA256";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                           OSSL_PARAM_construct_end()};
    if (ctx == NULL || EVP_MAC_CTX_set_params(ctx, params) != 1) {
        EVP_MAC_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

/* --- contexts of a thread --------------------------------------------------------------------- */

static void contexts_free(void *arg)
{
    struct algs_contexts *contexts = arg;
    if (contexts != NULL) {
        EVP_MAC_CTX_free(contexts->hmac_sha256);
        EVP_CIPHER_CTX_free(contexts->gcm_seal);
        EVP_CIPHER_CTX_free(contexts->gcm_open);
        EVP_CIPHER_CTX_free(contexts->wrap);
        EVP_MD_CTX_free(contexts->digest);
        for (int kind = 0; kind < JWK_KINDS; kind++) {
            EVP_PKEY_CTX_free(contexts->generators[kind]);
        }
        xfree(contexts);
    }
}

static struct algs_contexts *contexts_new(void)
{
    struct algs_contexts *contexts = xcalloc(1, sizeof *contexts);
    *contexts = (struct algs_contexts){
        .gcm_seal = EVP_CIPHER_CTX_new(),
        .gcm_open = EVP_CIPHER_CTX_new(),
        .wrap = EVP_CIPHER_CTX_new(),
        .digest = EVP_MD_CTX_new(),
        .hmac_sha256 = hmac_with_sha256(),
    };
    for (int kind = 0; kind < JWK_KINDS; kind++) {
        contexts->generators[kind] = generator_of(key_type_of((enum jwk_kind)kind));
    }
    return contexts;
}

const struct algs_contexts *algs_contexts(void)
{
    if (own == NULL) {
        CH_ASSERT(fetched.sha256 != NULL); /* crypto_init was forgotten */
        own = contexts_new();
        if (has_key) {
            (void)pthread_setspecific(at_thread_end, own);
        }
    }
    return own;
}

/* --- what a process needs --------------------------------------------------------------------- */

/* The name of the first thing that is missing, or NULL. */
static const char *missing(void)
{
    const struct {
        const void *ptr;
        const char *name;
    } needed[] = {
        {fetched.sha256, "SHA2-256"},
        {fetched.sha384, "SHA2-384"},
        {fetched.sha512, "SHA2-512"},
        {fetched.aes256_gcm, "AES-256-GCM"},
        {fetched.aes256_wrap, "AES-256-WRAP"},
        {fetched.aes256_wrap_pad, "AES-256-WRAP-PAD"},
        {fetched.hmac, "HMAC"},
    };
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (needed[i].ptr == NULL) {
            return needed[i].name;
        }
    }
    if (algs_contexts()->hmac_sha256 == NULL) {
        return "HMAC-SHA256";
    }
    for (int kind = 0; kind < JWK_KINDS; kind++) {
        const struct key_type *type = key_type_of((enum jwk_kind)kind);
        if (type->group != NULL && algs_contexts()->generators[kind] == NULL) {
            return type->generator;
        }
    }
    return NULL;
}

/* Whether a property query demands FIPS: one of its clauses is "fips=yes" or "fips"
 * (property(7)). */
static bool demands_fips(const char *properties)
{
    for (const char *clause = properties; clause != NULL && clause[0] != '\0';) {
        clause += strspn(clause, ", ");
        size_t len = strcspn(clause, ", ");
        struct slice text = slice_of(clause, len);
        if (slice_eq_str(text, "fips") || slice_eq_str(text, "fips=yes")) {
            return true;
        }
        clause += len;
    }
    return false;
}

static bool is_from_fips(const OSSL_PROVIDER *provider)
{
    return provider != NULL && strcmp(OSSL_PROVIDER_get0_name(provider), "fips") == 0;
}

bool crypto_is_fips(void)
{
    return demands_fips(algs()->properties) && is_from_fips(EVP_MD_get0_provider(fetched.sha256)) &&
           is_from_fips(EVP_CIPHER_get0_provider(fetched.aes256_gcm)) &&
           is_from_fips(EVP_MAC_get0_provider(fetched.hmac)) &&
           is_from_fips(EVP_PKEY_CTX_get0_provider(algs_contexts()->generators[JWK_EC_P256]));
}

/* What an operator can do about it. */
static const char *why_missing(const char *properties)
{
    bool lacks_module = demands_fips(properties) && OSSL_PROVIDER_available(NULL, "fips") != 1;
    return lacks_module
               ? "; the FIPS provider is not active: install OpenSSL's FIPS module by openssl "
                 "fipsinstall and activate it in openssl.cnf (fips_module(7))"
               : "";
}

/* jansson 2.14 writes beyond what it has when it gets no more memory in the middle of a string:
 * end before that. */
static void *json_allocate(size_t size)
{
    return xreallocarray(NULL, 1, size);
}

/* What is parsed may be a token's claims or a private JWK. */
static void json_wipe_and_free(void *ptr)
{
    if (ptr != NULL) {
        mem_wipe(ptr, malloc_usable_size(ptr));
        xfree(ptr);
    }
}

static void fetch(const char *properties)
{
    fetched.properties = properties == NULL ? NULL : xstrdup(properties);
    fetched.sha256 = EVP_MD_fetch(NULL, "SHA2-256", properties);
    fetched.sha384 = EVP_MD_fetch(NULL, "SHA2-384", properties);
    fetched.sha512 = EVP_MD_fetch(NULL, "SHA2-512", properties);
    fetched.aes256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", properties);
    fetched.aes256_wrap = EVP_CIPHER_fetch(NULL, "AES-256-WRAP", properties);
    fetched.aes256_wrap_pad = EVP_CIPHER_fetch(NULL, "AES-256-WRAP-PAD", properties);
    fetched.hmac = EVP_MAC_fetch(NULL, "HMAC", properties);
}

rc crypto_init_shared(const char *properties, struct err *err)
{
    if (fetched.sha256 != NULL) {
        return OK;
    }
    has_key = has_key || pthread_key_create(&at_thread_end, contexts_free) == 0;
    fetch(properties);
    const char *name = missing(), *why = name == NULL ? "" : why_missing(properties);
    openssl_errors_clear();
    if (name != NULL) {
        crypto_fini();
        FAIL(err, R_STARTUP_FAILED, "no provider offers %s%s", name, why);
    }
    return OK;
}

rc crypto_init(const char *properties, struct err *err)
{
    if (fetched.sha256 != NULL) {
        return OK;
    }
    if (properties != NULL && EVP_set_default_properties(NULL, properties) != 1) {
        FAIL(err, R_STARTUP_FAILED, "crypto_properties \"%s\" is not a property query", properties);
    }
    json_set_alloc_funcs(json_allocate, json_wipe_and_free);
    json_object_seed(0); /* from the system's random numbers, before the first object */
    return crypto_init_shared(properties, err);
}

void crypto_fini(void)
{
    if (fetched.properties != NULL) {
        (void)EVP_set_default_properties(NULL, "");
    }
    if (own != NULL && has_key) {
        (void)pthread_setspecific(at_thread_end, NULL);
    }
    contexts_free(own);
    own = NULL;
    EVP_MD_free(fetched.sha256);
    EVP_MD_free(fetched.sha384);
    EVP_MD_free(fetched.sha512);
    EVP_CIPHER_free(fetched.aes256_gcm);
    EVP_CIPHER_free(fetched.aes256_wrap);
    EVP_CIPHER_free(fetched.aes256_wrap_pad);
    EVP_MAC_free(fetched.hmac);
    xfree(fetched.properties);
    fetched = (struct algs){0};
}
