/* SPDX-License-Identifier: Apache-2.0 */
/* What the code uses: the one place where it is written down. Whoever adds an algorithm to lib/crypto adds it here
 * (docs/HACKING.md). */
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/ssl.h>

#include "cli/doctor/cbom.h"
#include "net/tls_policy.h"

enum { UNKNOWN_LEVEL = -1, NIST_1 = 1, NIST_2 = 2, NIST_4 = 4, NIST_5 = 5, BROKEN = 0 };

struct algorithm {
    const char *name, *primitive, *parameters, *curve, *mode, *padding;
    const char *functions[4];
    int classical,
        quantum; /* bits against classical computers; NIST's category against quantum computers */
    const char *used_for;
};

static const struct algorithm ALGORITHMS[] = {
    {"AES-256-GCM",
     "ae",
     "256",
     NULL,
     "gcm",
     NULL,
     {"encrypt", "decrypt"},
     256,
     NIST_5,
     "wrapped keys of tenants, publishing licenses, content, JWE (A256GCM)"},
    {"AES-256-KW",
     "block-cipher",
     "256",
     NULL,
     "other",
     NULL,
     {"encapsulate", "decapsulate"},
     256,
     NIST_5,
     "content keys to clients' keys (RFC 3394, A256KW)"},
    {"AES-256-KWP",
     "block-cipher",
     "256",
     NULL,
     "other",
     NULL,
     {"decapsulate"},
     256,
     NIST_5,
     "customers' keys that are imported (RFC 5649)"},
    {"HKDF-SHA-256",
     "kdf",
     "256",
     NULL,
     NULL,
     NULL,
     {"keyderive"},
     256,
     UNKNOWN_LEVEL,
     "content keys that a retry gets again, keys of parts (RFC 5869)"},
    {"Concat-KDF-SHA-256",
     "kdf",
     "256",
     NULL,
     NULL,
     NULL,
     {"keyderive"},
     256,
     UNKNOWN_LEVEL,
     "the wrapping key of ECDH-ES (NIST SP 800-56A, RFC 7518)"},
    {"HMAC-SHA-256",
     "mac",
     "256",
     NULL,
     NULL,
     NULL,
     {"tag"},
     256,
     UNKNOWN_LEVEL,
     "tokens of pages, codes of passcodes, HKDF"},
    {"SHA-256",
     "hash",
     "256",
     NULL,
     NULL,
     NULL,
     {"digest"},
     128,
     NIST_2,
     "thumbprints, hashes of requests and tokens, signatures"},
    {"SHA-384", "hash", "384", NULL, NULL, NULL, {"digest"}, 192, NIST_4, "signatures (ES384)"},
    {"SHA-512", "hash", "512", NULL, NULL, NULL, {"digest"}, 256, NIST_5, "signatures (EdDSA)"},
    {"ECDH-P-256",
     "key-agree",
     NULL,
     "nist/P-256",
     NULL,
     NULL,
     {"keyderive"},
     128,
     BROKEN,
     "content keys to keys on P-256 (ECDH-ES+A256KW)"},
    {"ECDH-P-384",
     "key-agree",
     NULL,
     "nist/P-384",
     NULL,
     NULL,
     {"keyderive"},
     192,
     BROKEN,
     "content keys to keys on P-384 (ECDH-ES+A256KW)"},
    {"RSA-OAEP",
     "pke",
     NULL,
     NULL,
     NULL,
     "oaep",
     {"encapsulate", "decapsulate"},
     UNKNOWN_LEVEL,
     BROKEN,
     "content keys to RSA keys of 2,048 to 8,192 bits; keys that are imported (SHA-256)"},
    {"ECDSA-P-256",
     "signature",
     NULL,
     "nist/P-256",
     NULL,
     NULL,
     {"sign", "verify"},
     128,
     BROKEN,
     "use licenses, publisher certificates; tokens and proofs (ES256)"},
    {"ECDSA-P-384",
     "signature",
     NULL,
     "nist/P-384",
     NULL,
     NULL,
     {"sign", "verify"},
     192,
     BROKEN,
     "use licenses, publisher certificates; tokens and proofs (ES384)"},
    {"RSASSA",
     "signature",
     NULL,
     NULL,
     NULL,
     NULL,
     {"verify"},
     UNKNOWN_LEVEL,
     BROKEN,
     "tokens and proofs of others (RS256, PS256), of 2,048 to 8,192 bits"},
    {"Ed25519",
     "signature",
     NULL,
     "other/Ed25519",
     NULL,
     NULL,
     {"verify"},
     128,
     BROKEN,
     "tokens and proofs of others (EdDSA)"},
};

/* --- algorithms ------------------------------------------------------------------------------- */

static void set_text(json_t *object, const char *name, const char *value)
{
    if (value != NULL) {
        json_object_set_new(object, name, json_string(value));
    }
}

static void add(struct cbom *cbom, const struct algorithm *a)
{
    char ref[CBOM_REF_MAX];
    json_t *functions = json_array();
    json_t *what = json_pack("{s:s, s:s}", "primitive", a->primitive, "executionEnvironment",
                             "software-plain-ram");
    set_text(what, "parameterSetIdentifier", a->parameters);
    set_text(what, "curve", a->curve);
    set_text(what, "mode", a->mode);
    set_text(what, "padding", a->padding);
    for (size_t i = 0; i < 4 && a->functions[i] != NULL; i++) {
        json_array_append_new(functions, json_string(a->functions[i]));
    }
    json_object_set_new(what, "cryptoFunctions", functions);
    if (a->classical != UNKNOWN_LEVEL) {
        json_object_set_new(what, "classicalSecurityLevel", json_integer(a->classical));
    }
    if (a->quantum != UNKNOWN_LEVEL) {
        json_object_set_new(what, "nistQuantumSecurityLevel", json_integer(a->quantum));
    }
    snprintf(ref, sizeof ref, "algorithm/%s", a->name);
    cbom_add(cbom, ref, a->name,
             json_pack("{s:s, s:o}", "assetType", "algorithm", "algorithmProperties", what));
    cbom_property(cbom, "chancery:used-for", a->used_for);
}

const char *cbom_algorithm_of(struct cbom *cbom, const EVP_PKEY *key)
{
    char group[32] = "";
    const char *type = EVP_PKEY_get0_type_name(key);
    bool is_curve = EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1;
    const char *ref =
        is_curve ? arena_printf(cbom->d->arena, "algorithm/%s-%s", type, group)
                 : arena_printf(cbom->d->arena, "algorithm/%s-%d", type, EVP_PKEY_get_bits(key));
    CH_ASSERT(ref != NULL); /* the arena is far larger */
    const struct algorithm found = {.name = strchr(ref, '/') + 1,
                                    .primitive = "signature",
                                    .parameters =
                                        arena_printf(cbom->d->arena, "%d", EVP_PKEY_get_bits(key)),
                                    .curve = is_curve ? group : NULL,
                                    .functions = {"sign", "verify"},
                                    .classical = EVP_PKEY_get_security_bits(key),
                                    .quantum = BROKEN,
                                    .used_for = "certificates of TLS"};
    if (json_object_get(cbom->needs, ref) == NULL) {
        add(cbom, &found);
    }
    return ref;
}

const char *cbom_algorithm_of_signature(struct cbom *cbom, int nid)
{
    const char *ref = arena_printf(cbom->d->arena, "algorithm/%s", OBJ_nid2sn(nid));
    CH_ASSERT(ref != NULL); /* the arena is far larger */
    const struct algorithm found = {.name = strchr(ref, '/') + 1,
                                    .primitive = "signature",
                                    .functions = {"verify"},
                                    .classical = UNKNOWN_LEVEL,
                                    .quantum = BROKEN,
                                    .used_for = "certificates of TLS, by who issued them"};
    if (json_object_get(cbom->needs, ref) == NULL) {
        add(cbom, &found);
    }
    return ref;
}

/* --- TLS -------------------------------------------------------------------------------------- */

static json_t *suites_of(SSL_CTX *ctx, bool is_1_3)
{
    json_t *suites = json_array();
    const STACK_OF(SSL_CIPHER) *all = SSL_CTX_get_ciphers(ctx);
    for (int i = 0; i < sk_SSL_CIPHER_num(all); i++) {
        const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(all, i);
        if ((strcmp(SSL_CIPHER_get_version(cipher), "TLSv1.3") == 0) == is_1_3) {
            json_array_append_new(suites,
                                  json_pack("{s:s}", "name", SSL_CIPHER_standard_name(cipher)));
        }
    }
    return suites;
}

/* As our listeners offer it: their policy is asked. */
static void add_tls(struct cbom *cbom)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    CH_ASSERT(ctx != NULL && tls_policy_set(ctx)); /* the server would not start either */
    for (int minor = 2; minor <= 3; minor++) {
        char ref[CBOM_REF_MAX], name[CBOM_TEXT_MAX], version[8];
        snprintf(version, sizeof version, "1.%d", minor);
        snprintf(ref, sizeof ref, "protocol/TLS-%s", version);
        snprintf(name, sizeof name, "TLS %s", version);
        cbom_add(cbom, ref, name,
                 json_pack("{s:s, s:{s:s, s:s, s:o}}", "assetType", "protocol",
                           "protocolProperties", "type", "tls", "version", version, "cipherSuites",
                           suites_of(ctx, minor == 3)));
        cbom_property(cbom, "chancery:used-for", "connections of clients");
    }
    SSL_CTX_free(ctx);
}

void cbom_algorithms(struct cbom *cbom)
{
    for (size_t i = 0; i < sizeof ALGORITHMS / sizeof ALGORITHMS[0]; i++) {
        add(cbom, &ALGORITHMS[i]);
    }
    cbom_needs(cbom, "algorithm/HKDF-SHA-256", "algorithm/HMAC-SHA-256");
    cbom_needs(cbom, "algorithm/HMAC-SHA-256", "algorithm/SHA-256");
    cbom_needs(cbom, "algorithm/Concat-KDF-SHA-256", "algorithm/SHA-256");
    cbom_needs(cbom, "algorithm/ECDH-P-256", "algorithm/Concat-KDF-SHA-256");
    cbom_needs(cbom, "algorithm/ECDH-P-384", "algorithm/Concat-KDF-SHA-256");
    cbom_needs(cbom, "algorithm/ECDH-P-256", "algorithm/AES-256-KW");
    cbom_needs(cbom, "algorithm/ECDH-P-384", "algorithm/AES-256-KW");
    cbom_needs(cbom, "algorithm/RSA-OAEP", "algorithm/SHA-256");
    cbom_needs(cbom, "algorithm/ECDSA-P-256", "algorithm/SHA-256");
    cbom_needs(cbom, "algorithm/ECDSA-P-384", "algorithm/SHA-384");
    cbom_needs(cbom, "algorithm/RSASSA", "algorithm/SHA-256");
    cbom_needs(cbom, "algorithm/Ed25519", "algorithm/SHA-512");
    add_tls(cbom);
}
