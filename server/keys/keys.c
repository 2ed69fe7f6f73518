/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/keys.h"

#include "base/encode.h"
#include "base/mem.h"
#include "keys/keys_internal.h"

enum {
    ROOT_FILE_MAX = 128,
    HEX_DIGITS = 2 * ROOT_KEY_BYTES,
    CACHE_MAX = 4096,
    CACHE_BYTES_MAX = 64 << 20,
    CLIENTS_MAX = 16384,
    CLIENTS_BYTES_MAX = 64 << 20,
};

/* What the check row holds under the root key. It needs no secrecy. */
static const char KNOWN_TEXT[] = "chancery root key check";

rc keys_root_from_file(const char *path, struct secret **out, struct err *err)
{
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

struct keys *keys_new(struct loop *loop, struct secret *root, size_t cache_max)
{
    struct keys *keys = xcalloc(1, sizeof *keys);
    keys->loop = loop;
    keys->root = root;
    list_init(&keys->importing);
    keys->cache =
        hashmap_new_shared(cache_max == 0 ? CACHE_MAX : cache_max, CACHE_BYTES_MAX, unwrapped_free);
    keys->clients = hashmap_new_shared(CLIENTS_MAX, CLIENTS_BYTES_MAX, client_key_forget);
    return keys;
}

void keys_free(struct keys *keys)
{
    if (keys != NULL) {
        import_end(keys);
        hashmap_free(keys->cache);
        hashmap_free(keys->clients);
        secret_free(keys->root);
        xfree(keys);
    }
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
    return key_wrap(keys, arena, &ref, known, out, err);
}

rc keys_verify_check(struct keys *keys, struct slice wrapped, struct err *err)
{
    struct keys_ref ref = check_ref(wrapped);
    const struct unwrapped *known;
    if (!key_unwrap(keys, &ref, &known, err).ok) {
        FAIL(err, R_ROOT_KEY_WRONG, "the check row does not open");
    }
    ENSURE(slice_eq_str(secret_use(known->raw), KNOWN_TEXT), err, R_ROOT_KEY_WRONG);
    return OK;
}

static void finish(struct loop_task *task)
{
    struct keys_op *op = LIST_ENTRY(task, struct keys_op, finish);
    op->done(op);
}

void keys_op_init(struct keys_op *op, struct keys *keys, struct arena *arena,
                  void (*done)(struct keys_op *op), void *user)
{
    *op = (struct keys_op){.keys = keys, .arena = arena, .done = done, .user = user};
    loop_task_init(&op->finish, finish);
    loop_task_init(&op->more, finish);
    list_init(&op->importing);
}

void keys_op_cancel(struct keys_op *op)
{
    loop_task_cancel(&op->finish);
    loop_task_cancel(&op->more);
    list_remove(&op->importing);
    export_end(op);
}
