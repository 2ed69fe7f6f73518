/* SPDX-License-Identifier: Apache-2.0 */
/*
 *            all known texts           which is to wrap
 *   READING ─────────────────▶ MEETING ──────────────▶ RESTING
 *      ▲  └─ failed, or none is ours ───────────────────▲  │
 *      └─────────────── after a while ─────────────────────┘
 */
#include "daemon/root_keys.h"

#include <inttypes.h>

#include "base/mem.h"
#include "obs/log.h"
#include "store/resource/root_key_store.h"

enum {
    MEET_MS = 15 * 1000, /* a worker that is not seen for two minutes is gone (root_key_meet) */
    WAITING_MS = 2000,   /* while others don't open the wished one */
    ARENA_BYTES = 64 * 1024,
};

enum asking { ROOT_RESTING, ROOT_READING, ROOT_MEETING };

struct root_keys {
    const struct services *services;
    void (*changed)(void *ctx);
    void *ctx;
    struct arena *arena; /* of one round */
    struct loop_timer timer;
    struct uuid worker;
    enum asking asking;
    enum root_keys_state state;
    struct err problem;
    int64_t waiting; /* as it was logged last */
    struct root_key_check check;
    struct root_key_meeting meeting;
    int64_t opens[KEYS_ROOTS_MAX];
};

/* --- the end of a round ----------------------------------------------------------------------- */

static void rest(struct root_keys *r, uint32_t ms)
{
    r->asking = ROOT_RESTING;
    arena_reset(r->arena);
    loop_timer_arm(&r->timer, ms);
}

static void turn_to(struct root_keys *r, enum root_keys_state state)
{
    bool is_other = r->state != state;
    r->state = state;
    if (is_other) {
        r->changed(r->ctx);
    }
}

static rc fail_lacking(uint32_t version, int64_t rows, struct err *err)
{
    FAIL(err, R_ROOT_KEY_WRONG,
         "root key %08" PRIx32 " is not configured, and %" PRId64 " keys lie under it", version,
         rows);
}

static rc fail_unknown(size_t count, struct err *err)
{
    FAIL(err, R_ROOT_KEY_WRONG, "none of the %zu root keys of the database is configured", count);
}

static const char *name_of(struct root_keys *r, uint32_t version)
{
    return arena_printf(r->arena, "%08" PRIx32, version);
}

/* --- which is to wrap ------------------------------------------------------------------------- */

/* Of what others have begun we hear here first; of what we wish, how many don't open it yet. */
static void use(struct root_keys *r)
{
    const struct root_key_meeting *m = &r->meeting;
    struct keys *keys = r->services->keys;
    uint32_t former = keys_wraps_by(keys);
    if (!keys_wrap_by(keys, m->wraps_now)) {
        return; /* one of ours, or it would be lacking */
    }
    if (former != m->wraps_now && r->state == ROOT_KEYS_KNOWN) {
        log_event(LOG_INFO, "root_key.wraps", F_STR("root_key", name_of(r, m->wraps_now)));
    }
    if (m->waiting > 0 && m->waiting != r->waiting) {
        log_event(LOG_WARNING, "root_key.waits", F_STR("root_key", name_of(r, m->wish)),
                  F_INT("workers", m->waiting),
                  F_STR("what", "Workers don't open the root key of root_key.file yet, so keys "
                                "are wrapped by the former one."),
                  F_STR("advice", "Name it in root_key.other_files of every node, and reload "
                                  "them. Workers that have ended count for two minutes."));
    }
    r->waiting = m->waiting;
}

static void met(struct store_op *op)
{
    struct root_keys *r = op->user;
    const struct root_key_meeting *m = &r->meeting;
    if (op->err.reason != R_NONE) {
        log_event(r->state == ROOT_KEYS_UNKNOWN ? LOG_DEBUG : LOG_WARNING, "root_key.not_asked",
                  F_ERR(&op->err));
        rest(r, WAITING_MS);
        return;
    }
    if (m->lacking != 0) {
        err_clear(&r->problem);
        (void)fail_lacking(m->lacking, m->lacking_rows, &r->problem);
        turn_to(r, ROOT_KEYS_MISSING);
    } else {
        use(r);
        turn_to(r, ROOT_KEYS_KNOWN);
    }
    rest(r, m->waiting > 0 ? WAITING_MS : MEET_MS);
}

/* --- which are known -------------------------------------------------------------------------- */

static void meet(struct root_keys *r)
{
    struct root_key_meeting *m = &r->meeting;
    struct err err = {0};
    *m = (struct root_key_meeting){.worker = r->worker, .opens = r->opens};
    m->open_count = keys_root_versions(r->services->keys, r->opens);
    m->wraps = keys_wraps_by(r->services->keys);
    m->wish = (uint32_t)r->opens[0];
    if (!keys_make_check(r->services->keys, r->arena, &m->wish_check, &err).ok) {
        log_event(LOG_ERROR, "root_key.not_asked", F_ERR(&err));
        rest(r, MEET_MS);
        return;
    }
    r->asking = ROOT_MEETING;
    store_op_init(&m->op, r->services->store, r->arena, met, r);
    root_key_store_meet(m);
}

static void read_known(struct store_op *op)
{
    struct root_keys *r = op->user;
    size_t ours = 0;
    if (op->err.reason != R_NONE) {
        rest(r, WAITING_MS);
        return;
    }
    for (size_t i = 0; i < r->check.count; i++) {
        const struct root_key_row *row = &r->check.rows[i];
        ours += keys_meet_root(r->services->keys, row->version, row->wrapped) ? 1 : 0;
    }
    if (ours > 0) {
        meet(r);
        return;
    }
    err_clear(&r->problem);
    (void)fail_unknown(r->check.count, &r->problem);
    turn_to(r, ROOT_KEYS_MISSING);
    rest(r, MEET_MS);
}

static void on_timer(struct loop_timer *timer)
{
    struct root_keys *r = LIST_ENTRY(timer, struct root_keys, timer);
    struct slice wrapped;
    struct err err = {0};
    if (!store_is_ready(r->services->store)) {
        loop_timer_arm(timer, WAITING_MS);
        return;
    }
    if (!keys_make_check(r->services->keys, r->arena, &wrapped, &err).ok) {
        log_event(LOG_ERROR, "root_key.not_asked", F_ERR(&err));
        rest(r, MEET_MS);
        return;
    }
    r->asking = ROOT_READING;
    store_op_init(&r->check.op, r->services->store, r->arena, read_known, r);
    root_key_store_check(&r->check, wrapped);
}

/* --- life ------------------------------------------------------------------------------------- */

struct root_keys *root_keys_new(const struct services *services, void (*changed)(void *ctx),
                                void *ctx)
{
    struct root_keys *r = xcalloc(1, sizeof *r);
    r->services = services;
    r->changed = changed;
    r->ctx = ctx;
    r->worker = uuid_v7(clock_unix_us());
    r->arena = arena_new(ARENA_BYTES);
    loop_timer_init(&r->timer, services->loop, on_timer);
    return r;
}

void root_keys_ask(struct root_keys *keys)
{
    if (keys->asking == ROOT_RESTING && keys->state == ROOT_KEYS_UNKNOWN) {
        loop_timer_arm(&keys->timer, 0);
    }
}

enum root_keys_state root_keys_state(const struct root_keys *keys)
{
    return keys->state;
}

const struct err *root_keys_problem(const struct root_keys *keys)
{
    return &keys->problem;
}

void root_keys_free(struct root_keys *r)
{
    if (r->asking == ROOT_READING) {
        store_op_cancel(&r->check.op);
    } else if (r->asking == ROOT_MEETING) {
        store_op_cancel(&r->meeting.op);
    }
    loop_timer_fini(&r->timer);
    arena_free(r->arena);
    xfree(r);
}
