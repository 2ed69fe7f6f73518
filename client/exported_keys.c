/* SPDX-License-Identifier: Apache-2.0 */
#include "client/exported_keys.h"

#include <inttypes.h>
#include <string.h>

#include "base/encode.h"
#include "crypto/json.h"
#include "crypto/jwe.h"
#include "crypto/jwk_secret.h"
#include "crypto/jws.h"
#include "crypto/offline_seal.h"
#include "crypto/online_seal.h"
#include "domain/values/key_purpose.h"
#include "wire/offline_license.h"
#include "wire/publisher_certificate.h"

enum { VALUES_MAX = 16 * 1024 /* of the set's JSON */ };

struct exported_key {
    enum key_purpose purpose;
    uint32_t version;
    struct secret *raw;          /* sealing key */
    struct jwk_private *private; /* exchange or signing key */
};

struct exported_keys {
    struct tenant_id tenant;
    struct exported_key *items;
    size_t count;
};

/* --- reading ---------------------------------------------------------------------------------- */

static void free_key(void *arg)
{
    struct exported_key *key = arg;
    secret_free(key->raw);
    jwk_private_free(key->private);
}

static rc read_purpose(const json_t *jwk, enum key_purpose *out, struct err *err)
{
    struct slice name;
    TRY(json_need_text(jwk, "purpose", R_INPUT_INVALID, &name, err));
    for (int purpose = KEY_SEALING; purpose <= KEY_SIGNING; purpose++) {
        if (slice_eq_str(name, key_purpose_name((enum key_purpose)purpose))) {
            *out = (enum key_purpose)purpose;
            return OK;
        }
    }
    FAIL(err, R_INPUT_INVALID, "a key for nothing that this version knows");
}

static rc read_key(struct arena *arena, const json_t *jwk, struct exported_key *out,
                   struct err *err)
{
    const json_t *version = json_object_get(jwk, "version");
    TRY(read_purpose(jwk, &out->purpose, err));
    ENSURE(json_is_integer(version) && json_integer_value(version) > 0 &&
               json_integer_value(version) <= INT32_MAX,
           err, R_INPUT_INVALID);
    out->version = (uint32_t)json_integer_value(version);
    TRY(arena_on_free(arena, free_key, out, err));
    return out->purpose == KEY_SEALING
               ? jwk_symmetric_read(jwk, R_INPUT_INVALID, &out->raw, err)
               : jwk_private_read(arena, jwk, R_INPUT_INVALID, &out->private, err);
}

static rc read_set(struct arena *arena, struct slice text, struct exported_keys *out,
                   struct err *err)
{
    json_t *set;
    struct slice tenant;
    TRY(json_parse_large(arena, text, EXPORTED_KEYS_MAX, VALUES_MAX, R_INPUT_INVALID, &set, err));
    TRY(json_need_text(set, "tenant", R_INPUT_INVALID, &tenant, err));
    const json_t *list = json_object_get(set, "keys");
    ENSURE(json_is_array(list) && uuid_parse(tenant, &out->tenant.u, NULL).ok, err,
           R_INPUT_INVALID);
    out->items = ARENA_ARRAY(arena, struct exported_key, json_array_size(list) + 1);
    ARENA_ENSURE(out->items, err);
    for (size_t i = 0; i < json_array_size(list); i++) {
        memset(&out->items[i], 0, sizeof out->items[i]);
        TRY(read_key(arena, json_array_get(list, i), &out->items[i], err));
        out->count++;
    }
    return OK;
}

static rc read_text(struct arena *arena, struct slice text, const struct exported_keys **out,
                    struct err *err)
{
    struct exported_keys *keys = ARENA_NEW(arena, struct exported_keys);
    ARENA_ENSURE(keys, err);
    if (!read_set(arena, text, keys, NULL).ok) {
        FAIL(err, R_INPUT_INVALID,
             "this is no set of keys that ExportKeys made, or a part of it is missing");
    }
    *out = keys;
    return OK;
}

bool exported_keys_are_bare(struct slice set)
{
    return set.len > 0 && set.ptr[0] == '{';
}

rc exported_keys_read(struct arena *arena, struct slice set, const struct jwk_private *key,
                      const struct exported_keys **out, struct err *err)
{
    AUTO(secret_free_at) struct secret *text = NULL;
    while (set.len > 0 && set.ptr[set.len - 1] <= ' ') {
        set.len--;
    }
    if (exported_keys_are_bare(set)) {
        return read_text(arena, set, out, err);
    }
    if (key == NULL ||
        !jwe_decrypt_long(key, set, EXPORTED_KEYS_MAX, R_INPUT_INVALID, &text, NULL).ok) {
        FAIL(err, R_INPUT_INVALID, "the set of keys does not open with this key");
    }
    return read_text(arena, secret_use(text), out, err);
}

/* --- opening ---------------------------------------------------------------------------------- */

static const struct exported_key *find(const struct exported_keys *keys, enum key_purpose purpose,
                                       uint32_t version)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (keys->items[i].purpose == purpose && keys->items[i].version == version) {
            return &keys->items[i];
        }
    }
    return NULL;
}

static rc is_missing(enum key_purpose purpose, uint32_t version, struct err *err)
{
    FAIL(err, R_INPUT_INVALID,
         "the set has no %s key %" PRIu32 ": it was made later, revoked or destroyed",
         key_purpose_name(purpose), version);
}

static rc open_online(const struct exported_keys *keys, struct arena *arena,
                      const struct publishing_license *license, struct secret **out,
                      struct err *err)
{
    const struct license_header *header = &license->header;
    const struct exported_key *key = find(keys, KEY_SEALING, header->key_version);
    if (key == NULL) {
        return is_missing(KEY_SEALING, header->key_version, err);
    }
    const struct online_seal seal = {.sealing = key->raw,
                                     .content = slice_of(header->content.u.b, UUID_BYTES),
                                     .header = license->header_bytes};
    if (!online_unseal(arena, &seal, license->sealed, R_INPUT_DAMAGED, out, NULL, NULL).ok) {
        FAIL(err, R_INPUT_DAMAGED, "the publishing license was changed, or not made by this key");
    }
    return OK;
}

/* The signing key of that thumbprint. */
static const struct jwk_public *signer_of(const struct exported_keys *keys, struct arena *arena,
                                          struct slice kid)
{
    for (size_t i = 0; i < keys->count; i++) {
        const struct exported_key *key = &keys->items[i];
        const struct jwk_public *pub =
            key->purpose == KEY_SIGNING ? jwk_private_public(key->private) : NULL;
        const char *name = pub == NULL ? NULL : base64url_dup(arena, jwk_thumbprint(pub));
        if (name != NULL && slice_eq_str(kid, name)) {
            return pub;
        }
    }
    return NULL;
}

static void free_public(void *key)
{
    jwk_public_free(key);
}

/* What a publisher has made is the tenant's if a key of the tenant's has certified them, and theirs if they have signed
 * it: to the exchange key anybody can encrypt. */
static rc verify_publisher(const struct exported_keys *keys, struct arena *arena,
                           const struct publishing_license *license,
                           const struct publisher_certificate *certificate,
                           const struct jwk_public **out, struct err *err)
{
    struct jwk_public *publisher = NULL;
    const struct jwk_public *signer = signer_of(keys, arena, certificate->jws.kid);
    if (signer == NULL) {
        FAIL(err, R_INPUT_INVALID, "the set has no signing key that certifies its publisher");
    }
    TRY(jwk_public_parse(certificate->keys.publisher_jwk, R_INPUT_DAMAGED, &publisher, err));
    TRY(arena_on_free(arena, free_public, publisher, err));
    if (!ID_EQ(certificate->publisher.tenant, keys->tenant) ||
        !jws_verify(&certificate->jws, signer, R_INPUT_DAMAGED, NULL).ok ||
        !jws_verify(&license->offline->jws, publisher, R_INPUT_DAMAGED, NULL).ok) {
        FAIL(err, R_INPUT_DAMAGED, "its publisher, or their certificate, has not signed it");
    }
    *out = publisher;
    return OK;
}

static rc open_offline(const struct exported_keys *keys, struct arena *arena,
                       const struct publishing_license *license, struct secret **out,
                       struct err *err)
{
    AUTO(secret_free_at) struct secret *policy_key = NULL;
    struct publisher_certificate certificate;
    const struct jwk_public *publisher = NULL;
    if (!publisher_certificate_read(arena, license->offline->certificate, &certificate, NULL).ok) {
        FAIL(err, R_INPUT_DAMAGED, "its publisher's certificate can't be read");
    }
    TRY(verify_publisher(keys, arena, license, &certificate, &publisher, err));
    uint32_t version = certificate.publisher.exchange_version;
    const struct exported_key *exchange = find(keys, KEY_EXCHANGE, version);
    if (exchange == NULL) {
        return is_missing(KEY_EXCHANGE, version, err);
    }
    if (!offline_unseal(exchange->private, jwk_thumbprint(publisher),
                        license->offline->seal.sealed_key, R_INPUT_DAMAGED, out, &policy_key, NULL)
             .ok) {
        FAIL(err, R_INPUT_DAMAGED, "the publishing license is not sealed to this key");
    }
    return OK;
}

rc exported_keys_open(const struct exported_keys *keys, struct arena *arena, struct slice license,
                      struct secret **content_key, struct err *err)
{
    struct publishing_license read;
    if (!publishing_license_parse(arena, license, &read, NULL).ok) {
        FAIL(err, R_INPUT_NOT_PROTECTED, "the publishing license is incomplete or damaged");
    }
    if (!ID_EQ(read.header.tenant, keys->tenant)) {
        FAIL(err, R_INPUT_INVALID, "the content is another tenant's than the set of keys");
    }
    return read.offline != NULL ? open_offline(keys, arena, &read, content_key, err)
                                : open_online(keys, arena, &read, content_key, err);
}
