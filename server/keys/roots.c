/* SPDX-License-Identifier: Apache-2.0 */
/* Root keys: docs/formats.md §4.1 and §4.2, docs/policy.md §13. */
#include "crypto/kdf.h"
#include "keys/keys_internal.h"

enum { VERSION_MAX = 0x7fffffff }; /* PostgreSQL's integer */

/* What the check row holds under a root key. It needs no secrecy. */
static const char KNOWN_TEXT[] = "chancery root key check";
static const char VERSION_INFO[] = "chancery root key version 1";

/* --- versions --------------------------------------------------------------------------------- */

/* One that nobody has met has the version that is made of it; it can't be 0 or 1. */
static uint32_t own_version(const struct secret *root)
{
    uint8_t bytes[sizeof(uint32_t)];
    if (!kdf_hkdf_sha256(secret_use(root), SLICE_NONE, slice_str(VERSION_INFO), bytes, sizeof bytes,
                         NULL)
             .ok) {
        return VERSION_MAX;
    }
    uint32_t version =
        ((uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3]) &
        VERSION_MAX;
    return version <= 1 ? version + 2 : version;
}

void keys_add_root(struct keys *keys, struct secret *root)
{
    CH_ASSERT(keys->root_count < KEYS_ROOTS_MAX);
    keys->roots[keys->root_count++] =
        (struct root_key){.secret = root, .version = own_version(root)};
}

void keys_note_wrap(struct keys *keys, size_t root, const struct keys_root_wrap *wrap)
{
    CH_ASSERT(root < keys->root_count);
    keys->roots[root].opened_by = *wrap;
}

const struct keys_root_wrap *keys_root_wrap(const struct keys *keys, size_t root)
{
    CH_ASSERT(root < keys->root_count);
    return &keys->roots[root].opened_by;
}

static struct keys_ref check_ref(struct slice wrapped)
{
    return (struct keys_ref){.tenant = TENANT_PLATFORM,
                             .boundary = "",
                             .purpose = KEY_SEALING,
                             .version = 0,
                             .wrapped = wrapped};
}

rc keys_make_check(struct keys *keys, struct arena *arena, struct slice *out, struct err *err)
{
    struct keys_ref ref = check_ref(SLICE_NONE);
    AUTO(secret_free_at) struct secret *known = secret_copy(slice_str(KNOWN_TEXT));
    return key_wrap_by(&keys->roots[0], arena, &ref, known, out, err);
}

bool keys_meet_root(struct keys *keys, uint32_t version, struct slice wrapped)
{
    AUTO(arena_free_at) struct arena *arena = arena_new(1024);
    struct keys_ref ref = check_ref(wrapped);
    for (size_t i = 0; i < keys->root_count; i++) {
        AUTO(secret_free_at) struct secret *known = NULL;
        if (key_open_by(&keys->roots[i], arena, &ref, &known) &&
            slice_eq_str(secret_use(known), KNOWN_TEXT)) {
            keys->roots[i].version = version;
            return true;
        }
    }
    return false;
}

size_t keys_root_versions(const struct keys *keys, int64_t out[KEYS_ROOTS_MAX])
{
    for (size_t i = 0; i < keys->root_count; i++) {
        out[i] = keys->roots[i].version;
    }
    return keys->root_count;
}

bool keys_wrap_by(struct keys *keys, uint32_t version)
{
    for (size_t i = 0; i < keys->root_count; i++) {
        if (keys->roots[i].version == version) {
            keys->wraps = i;
            return true;
        }
    }
    return false;
}

uint32_t keys_wraps_by(const struct keys *keys)
{
    return keys->roots[keys->wraps].version;
}

/* --- wrapping anew ---------------------------------------------------------------------------- */

static rc rewrap_one(struct keys_op *op, size_t index)
{
    const struct keys_ref *ref = &op->rewrapping[index];
    AUTO(secret_free_at) struct secret *key = NULL;
    op->rewrapped[index] = SLICE_NONE;
    if (!key_decrypt(op->keys, op->arena, ref, &key, NULL).ok) {
        return OK;
    }
    return key_wrap(op, ref, key, &op->rewrapped[index]);
}

static rc rewrap(struct keys_op *op)
{
    CH_ASSERT(op->rewrapping_count <= KEYS_REWRAP_MAX);
    op->root_version = keys_wraps_by(op->keys);
    for (size_t i = 0; i < op->rewrapping_count; i++) {
        TRY(rewrap_one(op, i));
    }
    return OK;
}

void keys_rewrap(struct keys_op *op)
{
    keys_report(op, "rewrap", rewrap(op));
}
