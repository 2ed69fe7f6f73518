/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/keys.h"

#include "base/mem.h"
#include "keys/keys_internal.h"

enum {
    CACHE_MAX = 4096,
    CACHE_BYTES_MAX = 64 << 20,
    CLIENTS_MAX = 16384,
    CLIENTS_BYTES_MAX = 64 << 20,
};

struct keys *keys_new(struct loop *loop, struct secret *root, size_t cache_max)
{
    struct keys *keys = xcalloc(1, sizeof *keys);
    keys->loop = loop;
    keys_add_root(keys, root);
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
        for (size_t i = 0; i < keys->root_count; i++) {
            secret_free(keys->roots[i].secret);
        }
        xfree(keys);
    }
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
