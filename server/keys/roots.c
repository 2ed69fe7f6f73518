/* SPDX-License-Identifier: Apache-2.0 */
/* Root keys: docs/formats.md §4.1 and §4.2, docs/policy.md §13. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/encode.h"
#include "crypto/kdf.h"
#include "keys/keys_internal.h"

enum {
    ROOT_FILE_MAX = 128,
    HEX_DIGITS = 2 * ROOT_KEY_BYTES,
    VERSION_MAX = 0x7fffffff, /* PostgreSQL's integer */
};

/* What the check row holds under a root key. It needs no secrecy. */
static const char KNOWN_TEXT[] = "chancery root key check";
static const char VERSION_INFO[] = "chancery root key version 1";

/* --- files ------------------------------------------------------------------------------------ */

/* A credential of systemd's has a name, and lies where systemd says. */
static const char *whole_path(const char *path, char out[PATH_MAX])
{
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    if (path[0] == '/' || credentials == NULL || credentials[0] == '\0') {
        return path;
    }
    snprintf(out, PATH_MAX, "%s/%s", credentials, path);
    return out;
}

rc keys_root_from_file(const char *name, struct secret **out, struct err *err)
{
    char buffer[PATH_MAX];
    const char *path = whole_path(name, buffer);
    AUTO(secret_free_at) struct secret *file = NULL;
    TRY(secret_from_file(path, ROOT_FILE_MAX, &file, err));
    struct slice bytes = secret_use(file);
    if (bytes.len == ROOT_KEY_BYTES) {
        *out = secret_copy(bytes);
        return OK;
    }
    while (bytes.len > HEX_DIGITS && bytes.ptr[bytes.len - 1] <= ' ') {
        bytes.len--;
    }
    ENSURE(bytes.len == HEX_DIGITS, err, R_ROOT_KEY_INVALID);
    AUTO(secret_free_at) struct secret *root = secret_new(ROOT_KEY_BYTES);
    if (!hex_decode(bytes, secret_bytes(root), ROOT_KEY_BYTES, err).ok) {
        FAIL(err, R_ROOT_KEY_INVALID, "%s holds neither 32 bytes nor 64 hex digits", path);
    }
    *out = root;
    root = NULL;
    return OK;
}

/* NULL where a file was not read. */
struct roots {
    struct secret *secrets[KEYS_ROOTS_MAX];
};

static void roots_free(struct roots *roots)
{
    for (size_t i = 0; i < KEYS_ROOTS_MAX; i++) {
        secret_free(roots->secrets[i]);
    }
}

static rc read_all(const char *file, char *const *others, size_t count, struct roots *roots,
                   struct err *err)
{
    CH_ASSERT(count < KEYS_ROOTS_MAX);
    TRY(keys_root_from_file(file, &roots->secrets[0], err));
    for (size_t i = 0; i < count; i++) {
        TRY(keys_root_from_file(others[i], &roots->secrets[i + 1], err));
    }
    return OK;
}

rc keys_check_files(const char *file, char *const *others, size_t count, struct err *err)
{
    AUTO(roots_free) struct roots roots = {0};
    return read_all(file, others, count, &roots, err);
}

rc keys_open(struct loop *loop, const char *file, char *const *others, size_t count,
             size_t cache_max, struct keys **out, struct err *err)
{
    AUTO(roots_free) struct roots roots = {0};
    TRY(read_all(file, others, count, &roots, err));
    *out = keys_new(loop, roots.secrets[0], cache_max);
    for (size_t i = 1; i <= count; i++) {
        keys_add_root(*out, roots.secrets[i]);
    }
    roots = (struct roots){0};
    return OK;
}

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
    keys->roots[keys->root_count++] = (struct root_key){root, own_version(root)};
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
