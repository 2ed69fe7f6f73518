/* SPDX-License-Identifier: Apache-2.0 */
/* chancery doctor --cbom: what cryptography an installation has, as a CycloneDX 1.6 bill of materials in JSON: keys, certificates,
 * algorithms and protocols, each with its size, and what needs which. Never a key itself: the statements and files that are read
 * here hold public halves only, but for the root key's, which is not opened. */
#pragma once

struct jwk_public;

#include <jansson.h>
#include <openssl/types.h>

#include "cli/doctor/doctor.h"

enum { CBOM_REF_MAX = 320, CBOM_TEXT_MAX = 400 };

/* The document as it grows. A component is named by its reference (bom-ref), which is unique in it. */
struct cbom {
    struct doctor *d;
    json_t *components, *needs; /* needs: from a reference to an array of others */
    json_t *last;               /* of components, which properties are of. Lent */
};

/* Print the document, or tell why there is none. Returns an exit code. */
int doctor_cbom(struct doctor *d);

/* Add one; `crypto`, which is taken, has what its kind says (cryptoProperties), and NULL is for what isn't cryptography: what
 * rests on it. One that is there stays. */
void cbom_add(struct cbom *cbom, const char *ref, const char *name, json_t *crypto);
/* A property of the component that cbom_add named last; "" is left out, and the same once more. */
void cbom_property(struct cbom *cbom, const char *name, const char *value);
/* The first needs the second. */
void cbom_needs(struct cbom *cbom, const char *ref, const char *needed);

/* What a key is (relatedCryptoMaterialProperties). NULL is left out; so are 0 bits, where nobody knows them. */
struct cbom_key {
    const char *ref, *name, *type, *id, *state;
    const char *algorithm, *secured_by; /* references */
    const char *made, *changed, *ends;  /* RFC 3339 */
    int bits;
};
/* Add it; it needs its algorithm and what secures it. */
void cbom_key_add(struct cbom *cbom, const struct cbom_key *key);
/* A public key that is there as a JWK. Its algorithm goes by what it is for. */
enum cbom_use { CBOM_SIGNS, CBOM_RECEIVES };
void cbom_jwk_add(struct cbom *cbom, const struct jwk_public *jwk, enum cbom_use use,
                  struct cbom_key *key);

/* cbom_algorithms.c: all that the code uses, and TLS. */
void cbom_algorithms(struct cbom *cbom);
/* The algorithm of a key that we know by OpenSSL alone: "algorithm/RSA-2048". Lent by the arena. */
const char *cbom_algorithm_of(struct cbom *cbom, const EVP_PKEY *key);
/* The same of a signature, by OpenSSL's number. */
const char *cbom_algorithm_of_signature(struct cbom *cbom, int nid);
/* cbom_certificates.c: those of listeners and sinks. False after it was told that one can't be read. */
bool cbom_certificates(struct cbom *cbom);
/* cbom_roots.c: wraps of root keys. False after it was told that a file can't be read. */
bool cbom_roots(struct cbom *cbom);
/* cbom_keys.c: root keys, tenants' and issuers'. False after it was told that the database fails. */
bool cbom_keys(struct cbom *cbom);
