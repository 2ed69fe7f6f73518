/* SPDX-License-Identifier: Apache-2.0 */
/*
 *            some are left           a batch             under the new one
 *   COUNTING ─────────────▶ READING ─────────▶ WRAPPING ───────────────────▶ WRITING
 *    ▲   │ none               ▲  │ the last batch was read                      │
 *    │   ▼                    └──┼──────────────────────────────────────────────┘
 *   RESTING ◀────────────────────┘
 *
 * What is to do is what is left, so whoever begins goes on where another has ended, however that was. Nodes that are at it together
 * pass over what another holds. */
#include "daemon/rewrap.h"

#include <inttypes.h>

#include "base/mem.h"
#include "daemon/chore.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "store/resource/root_key_store.h"

enum {
    FIRST_MS = 1000,
    LOOK_MS = 1000, /* whether another root key wraps; asks nobody */
    NEXT_MS = 20,   /* to the next batch: others want the database too */
    AGAIN_MS =
        30000, /* what is left could not be wrapped by us, or other workers wrap by another */
    SETTLED_MS = 600000, /* what came by a worker that had not heard yet */
    ARENA_BYTES = 1024 * 1024,
};

struct rewrapper {
    struct chore chore;    /* its arena: of one batch */
    uint32_t wraps;        /* of this pass, or of the last one */
    uint32_t told;         /* of which the log says that it has begun */
    struct mono_time next; /* when to count again, if the same wraps then */
    struct root_key_place after;
    int64_t left, done, unopened; /* in this pass */
    struct root_key_count count;
    struct former_wraps read;
    struct keys_op keys;
    struct keys_ref refs[KEYS_REWRAP_MAX];
    struct slice wrapped[KEYS_REWRAP_MAX];
    struct root_key_rewrap write;
};

/* --- the end of a pass ------------------------------------------------------------------------ */

static void rest(struct rewrapper *r, int64_t ms)
{
    r->next = mono_add_ms(clock_mono(), ms);
    r->after = (struct root_key_place){0};
    chore_rest(&r->chore, LOOK_MS);
}

static const char *name_of(struct rewrapper *r)
{
    return arena_printf(r->chore.arena, "%08" PRIx32, r->wraps);
}

static void end_pass(struct rewrapper *r)
{
    if (r->done + r->unopened > 0) {
        log_event(LOG_INFO, "root_key.rewrapped", F_STR("root_key", name_of(r)),
                  F_INT("done", r->done), F_INT("unopened", r->unopened));
    }
    rest(r, r->done > 0 ? 0 : r->unopened > 0 ? SETTLED_MS : AGAIN_MS);
}

static void failed(struct rewrapper *r, const struct err *err)
{
    log_event(LOG_WARNING, "root_key.rewrap_waits", F_ERR(err));
    rest(r, AGAIN_MS);
}

/* --- a batch ---------------------------------------------------------------------------------- */

static void written(struct store_op *op)
{
    struct rewrapper *r = op->user;
    if (op->err.reason != R_NONE) {
        failed(r, &op->err);
        return;
    }
    r->done += r->write.done;
    metric_add(M_ROOT_KEY_REWRAPPED, NULL, NULL, (uint64_t)r->write.done);
    metric_set(M_ROOT_KEY_LEFT, NULL, NULL, r->left > r->done ? r->left - r->done : 0);
    if (r->read.count < r->read.limit) {
        end_pass(r);
    } else {
        r->after = r->read.rows[r->read.count - 1].at;
        chore_rest(&r->chore, NEXT_MS);
    }
}

/* What does not open is damaged: nobody can use it, and others go on. */
static void note_unopened(struct rewrapper *r)
{
    for (size_t i = 0; i < r->read.count; i++) {
        const struct root_key_place *at = &r->read.rows[i].at;
        if (r->wrapped[i].len == 0) {
            r->unopened++;
            log_event(LOG_WARNING, "root_key.unopened", F_ID("tenant", at->tenant),
                      F_STR("purpose", key_purpose_name(at->purpose)),
                      F_INT("version", at->version));
        }
    }
}

static void wrapped(struct keys_op *op)
{
    struct rewrapper *r = op->user;
    if (op->err.reason != R_NONE) {
        failed(r, &op->err);
        return;
    }
    note_unopened(r);
    r->write = (struct root_key_rewrap){.wraps = op->root_version,
                                        .rows = r->read.rows,
                                        .wrapped = r->wrapped,
                                        .count = r->read.count};
    chore_ask(&r->chore, &r->write.op, written, r);
    root_key_store_rewrap(&r->write);
}

static void read_batch(struct store_op *op)
{
    struct rewrapper *r = op->user;
    if (op->err.reason != R_NONE) {
        failed(r, &op->err);
        return;
    }
    if (r->read.count == 0) {
        end_pass(r);
        return;
    }
    for (size_t i = 0; i < r->read.count; i++) {
        const struct former_wrap *row = &r->read.rows[i];
        r->refs[i] = (struct keys_ref){row->at.tenant, row->boundary, row->at.purpose,
                                       row->at.version, row->wrapped};
    }
    chore_wrap(&r->chore, &r->keys, wrapped, r);
    r->keys.rewrapping = r->refs;
    r->keys.rewrapped = r->wrapped;
    r->keys.rewrapping_count = r->read.count;
    keys_rewrap(&r->keys);
}

static void start_batch(struct rewrapper *r)
{
    r->read = (struct former_wraps){.wraps = r->wraps, .after = r->after, .limit = KEYS_REWRAP_MAX};
    chore_ask(&r->chore, &r->read.op, read_batch, r);
    root_key_store_read(&r->read);
}

/* --- what is left ----------------------------------------------------------------------------- */

static void tell_begin(struct rewrapper *r)
{
    if (r->told != r->wraps) {
        r->told = r->wraps;
        log_event(LOG_INFO, "root_key.rewrapping", F_STR("root_key", name_of(r)),
                  F_INT("left", r->left));
    }
}

static void counted(struct store_op *op)
{
    struct rewrapper *r = op->user;
    if (op->err.reason != R_NONE) {
        failed(r, &op->err);
        return;
    }
    r->left = r->count.left;
    metric_set(M_ROOT_KEY_LEFT, NULL, NULL, r->left);
    if (r->count.wraps_now != r->wraps) {
        rest(r, LOOK_MS); /* root_keys.c hears of it too */
        return;
    }
    if (r->left > 0) {
        tell_begin(r);
        start_batch(r);
        return;
    }
    if (r->count.has_ended) {
        log_event(LOG_INFO, "root_key.settled", F_STR("root_key", name_of(r)),
                  F_STR("advice",
                        "Nothing lies under another root key. Take former ones out of "
                        "root_key.other_files; keep them as long as backups from before."));
    }
    rest(r, r->count.is_over ? SETTLED_MS : LOOK_MS);
}

static void count(struct rewrapper *r)
{
    r->wraps = keys_wraps_by(r->chore.services->keys);
    r->done = r->unopened = 0;
    r->count = (struct root_key_count){.wraps = r->wraps};
    chore_ask(&r->chore, &r->count.op, counted, r);
    root_key_store_count(&r->count);
}

static bool is_within_pass(const struct rewrapper *r)
{
    return r->after.root != 0;
}

static void on_timer(struct loop_timer *timer)
{
    struct rewrapper *r = LIST_ENTRY(timer, struct rewrapper, chore.timer);
    bool is_same = r->wraps == keys_wraps_by(r->chore.services->keys);
    bool is_early = is_same && !is_within_pass(r) && clock_mono().ns < r->next.ns;
    if (is_early || !chore_can_wrap(&r->chore)) {
        chore_rest(&r->chore, LOOK_MS);
    } else if (is_same && is_within_pass(r)) {
        start_batch(r);
    } else {
        r->after = (struct root_key_place){0};
        count(r);
    }
}

/* --- life ------------------------------------------------------------------------------------- */

struct rewrapper *rewrapper_new(const struct services *services)
{
    struct rewrapper *r = xcalloc(1, sizeof *r);
    chore_init(&r->chore, services, ARENA_BYTES, on_timer);
    return r;
}

void rewrapper_begin(struct rewrapper *rewrapper)
{
    chore_rest(&rewrapper->chore, FIRST_MS);
}

void rewrapper_free(struct rewrapper *rewrapper)
{
    chore_fini(&rewrapper->chore);
    xfree(rewrapper);
}
