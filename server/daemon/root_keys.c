/* SPDX-License-Identifier: Apache-2.0 */
/*
 *             all known texts              which is to wrap
 *   read_known ─────────────────▶ meet, met ── note, once ──▶ rest
 *      ▲  └─ failed, or none is ours ──────────────────────────▲ │
 *      └─────────────── after a while, or refused ───────────────┘
 */
#include "daemon/root_keys.h"

#include <inttypes.h>

#include "base/mem.h"
#include "daemon/chore.h"
#include "obs/log.h"
#include "store/resource/root_key_store.h"

enum {
    MEET_MS = 15 * 1000,  /* a worker that is not seen for two minutes is gone (root_key_meet) */
    LEASE_MS = 90 * 1000, /* after the last answer, less than those two minutes */
    WAITING_MS = 2000,    /* while others don't open the wished one, and after a failure */
    ARENA_BYTES = 64 * 1024,
};

struct root_keys {
    struct chore chore; /* its arena: of one round */
    void (*changed)(void *ctx);
    void *ctx;
    struct loop_timer lease;
    struct mono_time asked_at, not_before; /* not_before: after a failure */
    struct uuid worker;
    enum root_keys_state state;
    bool asks_anew; /* what is in flight may be older than what was refused */
    struct err problem;
    enum reason told; /* why it can't ask, as it was logged last */
    int64_t waiting;  /* as it was logged last */
    bool is_quiet;    /* the same */
    struct root_key_check check;
    struct root_key_meeting meeting;
    struct root_key_openings openings;
    struct root_key_opening opened[KEYS_ROOTS_MAX];
    bool is_noted; /* by which wraps ours were opened */
    int64_t opens[KEYS_ROOTS_MAX];
};

/* --- the end of a round ----------------------------------------------------------------------- */

static void rest(struct root_keys *r, int64_t ms)
{
    chore_rest(&r->chore, r->asks_anew ? 0 : ms);
    r->asks_anew = false;
}

static void turn_to(struct root_keys *r, enum root_keys_state state)
{
    bool is_other = r->state != state;
    r->state = state;
    if (is_other) {
        r->changed(r->ctx);
    }
}

/* Once for each reason: it is tried every two seconds. */
static void failed(struct root_keys *r, const struct err *err)
{
    if (r->told != err->reason) {
        r->told = err->reason;
        log_event(LOG_WARNING, "root_key.not_asked", F_ERR(err));
    }
    r->not_before = mono_add_ms(clock_mono(), WAITING_MS);
    r->asks_anew = false;
    rest(r, WAITING_MS);
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
    return arena_printf(r->chore.arena, "%08" PRIx32, version);
}

/* --- which is to wrap ------------------------------------------------------------------------- */

static void tell_waiting(struct root_keys *r)
{
    const struct root_key_meeting *m = &r->meeting;
    if (m->waiting != 0 && m->waiting != r->waiting) {
        log_event(LOG_WARNING, "root_key.waits", F_STR("root_key", name_of(r, m->wish)),
                  F_INT("workers", m->waiting),
                  F_STR("what", "Workers don't open the root key of root_key.file yet, so keys "
                                "are wrapped by the former one."),
                  F_STR("advice", "Name it in root_key.other_files of every node, and reload "
                                  "them. Workers that have ended count for two minutes."));
    }
    if (m->quiet_s > 0 && !r->is_quiet) {
        log_event(LOG_INFO, "root_key.quiet", F_STR("root_key", name_of(r, m->wish)),
                  F_INT("seconds", m->quiet_s),
                  F_STR("what",
                        "No worker was heard for a minute, so the root key of root_key.file "
                        "does not begin before all have had the time to say what they open."));
    }
    r->waiting = m->waiting;
    r->is_quiet = m->quiet_s > 0;
}

/* Of what others have begun we hear here first; of what we wish, how many don't open it yet. */
static void use(struct root_keys *r)
{
    const struct root_key_meeting *m = &r->meeting;
    struct keys *keys = r->chore.services->keys;
    uint32_t former = keys_wraps_by(keys);
    if (!keys_wrap_by(keys, m->wraps_now)) {
        return; /* one of ours, or it would be lacking */
    }
    if (former != m->wraps_now && r->state == ROOT_KEYS_KNOWN) {
        log_event(LOG_INFO, "root_key.wraps", F_STR("root_key", name_of(r, m->wraps_now)));
    }
    tell_waiting(r);
}

/* From when we asked: the database has heard us since then. */
static void renew(struct root_keys *r)
{
    int64_t left_ns = mono_add_ms(r->asked_at, LEASE_MS).ns - clock_mono().ns;
    r->told = R_NONE;
    loop_timer_arm(&r->lease, left_ns > 0 ? left_ns / 1000000 : 0);
}

static void rest_met(struct root_keys *r)
{
    const struct root_key_meeting *m = &r->meeting;
    rest(r, m->waiting != 0 || m->quiet_s > 0 ? WAITING_MS : MEET_MS);
}

/* --- by which wraps they were opened ---------------------------------------------------------- */

static void noted(struct store_op *op)
{
    struct root_keys *r = op->user;
    if (op->err.reason != R_NONE) {
        failed(r, &op->err);
        return;
    }
    r->is_noted = true;
    rest_met(r);
}

/* After the meeting, by which their versions are those of the database. */
static void note(struct root_keys *r)
{
    const struct keys *keys = r->chore.services->keys;
    struct root_key_openings *o = &r->openings;
    size_t count = keys_root_versions(keys, r->opens);
    *o = (struct root_key_openings){.items = r->opened};
    for (size_t i = 0; i < count; i++) {
        const struct keys_root_wrap *wrap = keys_root_wrap(keys, i);
        if (wrap->kid[0] != '\0') {
            r->opened[o->count++] =
                (struct root_key_opening){(uint32_t)r->opens[i], wrap->name, wrap->kid};
        }
    }
    if (o->count == 0) {
        r->is_noted = true;
        rest_met(r);
        return;
    }
    chore_ask(&r->chore, &o->op, noted, r);
    root_key_store_note(o);
}

/* --- the end of the meeting ------------------------------------------------------------------- */

static void met(struct store_op *op)
{
    struct root_keys *r = op->user;
    const struct root_key_meeting *m = &r->meeting;
    if (op->err.reason != R_NONE) {
        failed(r, &op->err);
        return;
    }
    renew(r);
    if (m->lacking != 0) {
        err_clear(&r->problem);
        (void)fail_lacking(m->lacking, m->lacking_rows, &r->problem);
        turn_to(r, ROOT_KEYS_MISSING);
    } else {
        use(r);
        turn_to(r, ROOT_KEYS_KNOWN);
    }
    if (r->state == ROOT_KEYS_KNOWN && !r->is_noted) {
        note(r);
    } else {
        rest_met(r);
    }
}

/* The database has not heard of us for so long that it may soon not count us. */
static void on_lease(struct loop_timer *timer)
{
    struct root_keys *r = LIST_ENTRY(timer, struct root_keys, lease);
    if (r->state == ROOT_KEYS_KNOWN) {
        log_event(LOG_WARNING, "root_key.unheard", F_INT("seconds", LEASE_MS / 1000),
                  F_STR("what", "The database could not be asked which root key wraps, so this "
                                "worker does nothing until it answers."));
        turn_to(r, ROOT_KEYS_UNKNOWN);
    }
}

/* --- which are known -------------------------------------------------------------------------- */

static void meet(struct root_keys *r)
{
    const struct services *services = r->chore.services;
    struct root_key_meeting *m = &r->meeting;
    struct err err = {0};
    *m = (struct root_key_meeting){.worker = r->worker, .opens = r->opens};
    m->open_count = keys_root_versions(services->keys, r->opens);
    m->wraps = keys_wraps_by(services->keys);
    m->wish = (uint32_t)r->opens[0];
    if (!keys_make_check(services->keys, r->chore.arena, &m->wish_check, &err).ok) {
        failed(r, &err);
        return;
    }
    r->asked_at = clock_mono();
    chore_ask(&r->chore, &m->op, met, r);
    root_key_store_meet(m);
}

static void read_known(struct store_op *op)
{
    struct root_keys *r = op->user;
    size_t ours = 0;
    if (op->err.reason == R_NOT_FOUND) {
        rest(r, WAITING_MS); /* another worker was first by so little */
        return;
    }
    if (op->err.reason != R_NONE) {
        failed(r, &op->err);
        return;
    }
    for (size_t i = 0; i < r->check.count; i++) {
        const struct root_key_row *row = &r->check.rows[i];
        ours += keys_meet_root(r->chore.services->keys, row->version, row->wrapped) ? 1 : 0;
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
    struct root_keys *r = LIST_ENTRY(timer, struct root_keys, chore.timer);
    struct slice wrapped;
    struct err err = {0};
    if (!chore_can_ask(&r->chore)) {
        rest(r, WAITING_MS); /* the store tells why */
        return;
    }
    if (!keys_make_check(r->chore.services->keys, r->chore.arena, &wrapped, &err).ok) {
        failed(r, &err);
        return;
    }
    chore_ask(&r->chore, &r->check.op, read_known, r);
    root_key_store_check(&r->check, wrapped);
}

/* --- life ------------------------------------------------------------------------------------- */

struct root_keys *root_keys_new(const struct services *services, void (*changed)(void *ctx),
                                void *ctx)
{
    struct root_keys *r = xcalloc(1, sizeof *r);
    r->changed = changed;
    r->ctx = ctx;
    r->worker = uuid_v7(clock_unix_us());
    chore_init(&r->chore, services, ARENA_BYTES, on_timer);
    loop_timer_init(&r->lease, services->loop, on_lease);
    return r;
}

void root_keys_ask(struct root_keys *keys)
{
    if (keys->chore.state == CHORE_RESTS && keys->state == ROOT_KEYS_UNKNOWN &&
        clock_mono().ns >= keys->not_before.ns) {
        rest(keys, 0);
    }
}

void root_keys_ask_anew(struct root_keys *keys)
{
    if (keys->chore.state == CHORE_RESTS) {
        rest(keys, 0);
    } else {
        keys->asks_anew = true;
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

void root_keys_free(struct root_keys *keys)
{
    if (keys != NULL) {
        loop_timer_fini(&keys->lease);
        chore_fini(&keys->chore);
        xfree(keys);
    }
}
