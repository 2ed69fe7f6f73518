/* SPDX-License-Identifier: Apache-2.0 */
/* A tenant's keys as a JWK set that is encrypted to the customer's key: docs/formats.md §4.4. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "crypto/jwe.h"
#include "crypto/jwk_secret.h"
#include "keys/keys_internal.h"

enum {
    EXPORT_AROUND_MAX = 256, /* of the set, beside its keys */
    EXPORT_KEY_MAX = JWK_SECRET_TEXT_MAX + 160,
    EXPORT_PER_TURN = 16, /* keys: to unwrap one takes some 0.1 ms */
};

/* One at a time, and outside the secure heap, which it would use up: each key of it is in clear here no longer than it takes to
 * encrypt the set. */
struct key_export {
    size_t size, len;
    size_t done; /* keys */
    char text[];
};

static rc add(struct keys_op *op, const char *format, ...) PRINTF_LIKE(2, 3);
static rc add(struct keys_op *op, const char *format, ...)
{
    struct key_export *e = op->export;
    size_t room = e->size - e->len;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(e->text + e->len, room, format, args);
    va_end(args);
    ENSURE(n >= 0 && (size_t)n < room, &op->err, R_INTERNAL);
    e->len += (size_t)n;
    return OK;
}

static rc members_of(struct keys_op *op, const struct keys_ref *ref, char out[JWK_SECRET_TEXT_MAX])
{
    const struct unwrapped *key;
    TRY(key_unwrap(op->keys, ref, &key, &op->err));
    return key->private == NULL ? jwk_symmetric_members(key->raw, out, &op->err)
                                : jwk_private_members(key->private, out, &op->err);
}

static rc add_key(struct keys_op *op, const struct keys_exported *exported)
{
    const struct keys_ref *ref = &exported->ref;
    const char *name = key_purpose_name(ref->purpose);
    char members[JWK_SECRET_TEXT_MAX];
    TRY(members_of(op, ref, members));
    rc added = add(op,
                   "%s{%s,\"kid\":\"%s-%" PRIu32 "\",\"purpose\":\"%s\",\"state\":\"%s\","
                   "\"version\":%" PRIu32 "}",
                   op->export->done == 0 ? "" : ",", members, name, ref->version, name,
                   exported->is_active ? "active" : "archived", ref->version);
    mem_wipe(members, sizeof members);
    return added;
}

static rc begin(struct keys_op *op)
{
    char tenant[UUID_TEXT_BYTES];
    if (op->keys->exports != NULL) {
        FAIL(&op->err, R_OVERLOADED, "keys are being exported");
    }
    size_t size = EXPORT_AROUND_MAX + op->exporting_count * EXPORT_KEY_MAX;
    op->export = xcalloc(1, sizeof *op->export + size);
    op->export->size = size;
    op->keys->exports = op;
    uuid_format(op->tenant.u, tenant);
    return add(op, "{\"tenant\":\"%s\",\"boundary\":\"%s\",\"keys\":[", tenant, op->boundary);
}

static rc finish(struct keys_op *op)
{
    TRY(add(op, "]}"));
    struct slice text = slice_of(op->export->text, op->export->len);
    return jwe_encrypt(op->arena, op->client->key, text, &op->key_set, &op->err);
}

void export_end(struct keys_op *op)
{
    if (op->export != NULL) {
        mem_wipe(op->export->text, op->export->size);
        xfree(op->export);
        op->export = NULL;
        op->keys->exports = NULL;
    }
}

static void report(struct keys_op *op, rc result)
{
    export_end(op);
    keys_report(op, "export", result);
}

/* So many keys per turn of the loop as leave room for others. */
static void go_on(struct loop_task *task)
{
    struct keys_op *op = LIST_ENTRY(task, struct keys_op, more);
    struct key_export *e = op->export;
    rc result = OK;
    for (size_t i = 0; result.ok && i < EXPORT_PER_TURN && e->done < op->exporting_count; i++) {
        result = add_key(op, &op->exporting[e->done]);
        e->done++;
    }
    if (result.ok && e->done < op->exporting_count) {
        loop_defer_to_next_turn(op->keys->loop, task);
        return;
    }
    report(op, result.ok ? finish(op) : result);
}

void keys_export(struct keys_op *op)
{
    rc begun = begin(op);
    if (!begun.ok) {
        report(op, begun);
        return;
    }
    loop_task_init(&op->more, go_on);
    loop_defer_to_next_turn(op->keys->loop, &op->more);
}
