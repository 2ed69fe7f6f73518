/* SPDX-License-Identifier: Apache-2.0 */
/* Customers' keys that enter: docs/formats.md §4.4. */
#include "base/encode.h"
#include "base/mem.h"
#include "crypto/jwe.h"
#include "crypto/jwk_secret.h"
#include "crypto/jws.h"
#include "crypto/key_import.h"
#include "keys/import_maker.h"

enum {
    DISTINCT_BYTES_MIN = 12, /* of 32 random bytes some 30 are; fewer than 12 once in 10^25 */
    WAITING_MAX = 8,         /* for import keys */
};

static const char PROOF[] = "chancery import proof 1";

/* --- import keys ------------------------------------------------------------------------------ */

/* Bound to its import, so that no row of another one can be put in its place. */
static rc import_ref(struct keys_op *op, struct slice wrapped, struct keys_ref *out)
{
    char id[UUID_TEXT_BYTES];
    uuid_format(op->import, id);
    const char *bound = arena_printf(op->arena, "%s import %s", op->boundary, id);
    ARENA_ENSURE(bound, &op->err);
    *out = (struct keys_ref){.tenant = op->tenant,
                             .boundary = bound,
                             .purpose = KEY_EXCHANGE,
                             .version = 0,
                             .wrapped = wrapped};
    return OK;
}

static rc keep_import(struct keys_op *op, const struct secret *key)
{
    struct keys_ref ref;
    ENSURE(key != NULL, &op->err, R_CRYPTO_FAILED);
    TRY(import_key_public(op->arena, key, &op->import_jwk, &op->err));
    TRY(import_ref(op, SLICE_NONE, &ref));
    return key_wrap(op, &ref, key, &op->import_wrapped);
}

static void made(void *user, struct secret *key);

static rc start(struct keys *keys, struct err *err)
{
    return keys->maker != NULL ? OK : import_maker_start(keys->loop, made, keys, &keys->maker, err);
}

static struct keys_op *first_of(struct keys *keys)
{
    return list_is_empty(&keys->importing)
               ? NULL
               : LIST_ENTRY(keys->importing.next, struct keys_op, importing);
}

static void give(struct keys_op *op, const struct secret *key)
{
    list_remove(&op->importing);
    keys_report(op, "make_import", keep_import(op, key));
}

/* One thread at a time, so nobody takes all processors by asking. What it makes goes to who has waited longest; when all of them
 * have gone, to the next who comes. */
static void made(void *user, struct secret *key)
{
    struct keys *keys = user;
    struct keys_op *op = first_of(keys);
    keys->maker = NULL;
    if (op == NULL) {
        keys->spare = key;
        return;
    }
    give(op, key);
    secret_free(key);
    for (op = first_of(keys); op != NULL && !start(keys, &op->err).ok; op = first_of(keys)) {
        give(op, NULL); /* which leaves the error that `start` has raised */
    }
}

/* Many, or one of the same tenant: it leaves room for others. */
static bool is_crowded(const struct keys_op *op)
{
    size_t count = 0;
    LIST_EACH (link, &op->keys->importing) {
        if (ID_EQ(LIST_ENTRY(link, struct keys_op, importing)->tenant, op->tenant)) {
            return true;
        }
        count++;
    }
    return count >= WAITING_MAX;
}

static rc wait_for_key(struct keys_op *op)
{
    struct keys *keys = op->keys;
    if (is_crowded(op)) {
        FAIL(&op->err, R_OVERLOADED, "others wait for import keys");
    }
    TRY(start(keys, &op->err));
    list_append(&keys->importing, &op->importing);
    return OK;
}

void keys_make_import(struct keys_op *op)
{
    struct secret *spare = op->keys->spare;
    if (spare != NULL) {
        op->keys->spare = NULL;
        give(op, spare);
        secret_free(spare);
        return;
    }
    rc waits = wait_for_key(op);
    if (!waits.ok) {
        keys_report(op, "make_import", waits);
    }
}

void import_end(struct keys *keys)
{
    if (keys->maker != NULL) {
        import_maker_cancel(keys->maker);
    }
    secret_free(keys->spare);
}

/* --- customers' keys -------------------------------------------------------------------------- */

static rc is_the_one(struct keys_op *op, const char *thumbprint)
{
    ARENA_ENSURE(thumbprint, &op->err);
    op->flaw = slice_eq_str(op->thumbprint, thumbprint) ? KEYS_IMPORT_SOUND : KEYS_IMPORT_OTHER;
    return OK;
}

static bool is_random(struct slice key)
{
    bool seen[256] = {false};
    size_t distinct = 0;
    for (size_t i = 0; i < key.len; i++) {
        distinct += !seen[key.ptr[i]];
        seen[key.ptr[i]] = true;
    }
    return distinct >= DISTINCT_BYTES_MIN;
}

static rc check_sealing(struct keys_op *op, const struct secret *key)
{
    char thumbprint[JWK_THUMBPRINT_TEXT];
    op->set[0].public_jwk = "";
    if (secret_len(key) != AEAD_KEY_BYTES || !is_random(secret_use(key))) {
        op->flaw = KEYS_IMPORT_KIND;
        return OK;
    }
    TRY(jwk_symmetric_thumbprint(key, thumbprint, &op->err));
    return is_the_one(op, thumbprint);
}

/* That it signs, or opens what is encrypted to it: so that its two halves are of each other. */
static bool works(struct keys_op *op, const struct jwk_private *key)
{
    AUTO(secret_free_at) struct secret *opened = NULL;
    const struct jwk_public *pub = jwk_private_public(key);
    struct slice token;
    struct jws jws;
    if (op->set[0].purpose == KEY_SIGNING) {
        return jws_sign(op->arena, key, NULL, slice_str(PROOF), &token, NULL).ok &&
               jws_parse(op->arena, token, R_CRYPTO_FAILED, &jws, NULL).ok &&
               jws_verify(&jws, pub, R_CRYPTO_FAILED, NULL).ok;
    }
    return jwe_encrypt(op->arena, pub, slice_str(PROOF), &token, NULL).ok &&
           jwe_decrypt(key, token, R_CRYPTO_FAILED, &opened, NULL).ok &&
           slice_eq_str(secret_use(opened), PROOF);
}

static rc check_pair(struct keys_op *op, const struct jwk_private *key)
{
    const struct jwk_public *pub = jwk_private_public(key);
    enum jwk_kind kind = op->suite == KEYS_P384 ? JWK_EC_P384 : JWK_EC_P256;
    if (jwk_kind(pub) != kind || !works(op, key)) {
        op->flaw = KEYS_IMPORT_KIND;
        return OK;
    }
    op->set[0].public_jwk = key_public_text(op, op->set[0].purpose, pub);
    ARENA_ENSURE(op->set[0].public_jwk, &op->err);
    return is_the_one(op, base64url_dup(op->arena, jwk_thumbprint(pub)));
}

static rc check_private(struct keys_op *op, const struct secret *key)
{
    struct jwk_private *private = NULL;
    if (!jwk_private_import(key, &private, NULL).ok) {
        op->flaw = KEYS_IMPORT_KIND;
        return OK;
    }
    rc result = check_pair(op, private);
    jwk_private_free(private);
    return result;
}

static rc take(struct keys_op *op)
{
    AUTO(secret_free_at) struct secret *import = NULL;
    AUTO(secret_free_at) struct secret *key = NULL;
    struct keys_ref ref;
    TRY(import_ref(op, op->import_wrapped, &ref));
    TRY(key_decrypt(op->keys, op->arena, &ref, &import, &op->err));
    if (!import_key_unwrap(op->arena, import, op->imported, R_FIELD_INVALID, &key, NULL).ok) {
        op->flaw = KEYS_IMPORT_UNOPENED;
        return OK;
    }
    TRY(op->set[0].purpose == KEY_SEALING ? check_sealing(op, key) : check_private(op, key));
    if (op->flaw != KEYS_IMPORT_SOUND) {
        return OK;
    }
    ref = (struct keys_ref){op->tenant, op->boundary, op->set[0].purpose, op->version, SLICE_NONE};
    return key_wrap(op, &ref, key, &op->set[0].wrapped);
}

void keys_import(struct keys_op *op)
{
    keys_report(op, "import", take(op));
}
