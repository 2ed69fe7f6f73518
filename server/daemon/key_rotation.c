/* SPDX-License-Identifier: Apache-2.0 */
/*
 *            one is due          all versions            made
 *   LOOKING ───────────▶ READING ────────────▶ MAKING ─────────▶ ROTATING
 *    ▲  │ none, or the       │ no room: it is left out this time    │ done, or somebody else was first
 *    │  ▼ database is away   │                                      │
 *   RESTING            ◀─────┴──▶ LOOKING ◀─────────────────────────┘
 *
 * What is written is what RotateKey writes, with nobody as who did it. Two nodes may find the same key: the mark of
 * its active version lets one of them through. */
#include "daemon/key_rotation.h"

#include <inttypes.h>

#include "base/mem.h"
#include "daemon/chore.h"
#include "obs/log.h"
#include "store/cache/views.h"
#include "store/resource/key_store.h"

enum {
    FIRST_MS = 1000,
    LOOK_MS = 10 * 60 * 1000,
    NEXT_MS = 20,             /* to the next one: others want the database too */
    ARENA_BYTES = 512 * 1024, /* 200 versions, with their public keys */
};

struct key_rotator {
    struct chore chore; /* its arena: of one rotation */
    size_t left_out;    /* those that were due in this round and could not be rotated */
    struct key_due due;
    struct key_find find;
    const struct tenant_key_row *former; /* the active one; NULL: there is none */
    struct keys_op keys;
    struct change_op change;
};

/* --- the end of one --------------------------------------------------------------------------- */

static void end_round(struct key_rotator *r)
{
    r->left_out = 0;
    chore_rest(&r->chore, LOOK_MS);
}

static void leave_out(struct key_rotator *r)
{
    r->left_out++;
    chore_rest(&r->chore, NEXT_MS);
}

static void failed(struct key_rotator *r, const struct err *err)
{
    log_event(LOG_WARNING, "keys.rotation_failed", F_ID("tenant", r->due.tenant),
              F_STR("purpose", key_purpose_name(r->due.purpose)), F_ERR(err));
    leave_out(r);
}

/* --- rotating --------------------------------------------------------------------------------- */

static void rotated(struct store_op *op)
{
    struct key_rotator *r = op->user;
    bool is_late = op->err.reason == R_NOT_FOUND || op->err.reason == R_ALREADY_EXISTS;
    if (op->err.reason == R_ROOT_KEY_CHANGED) {
        chore_rest(&r->chore, FIRST_MS); /* by then we wrap by the other one */
        return;
    }
    if (op->err.reason != R_NONE && !is_late) {
        failed(r, &op->err);
        return;
    }
    log_event(LOG_INFO, "keys.rotated", F_ID("tenant", r->due.tenant),
              F_STR("purpose", key_purpose_name(r->due.purpose)), F_INT("version", r->keys.version),
              F_STR("by", is_late ? "another node" : "schedule"));
    chore_rest(&r->chore, NEXT_MS);
}

static void rotate(struct key_rotator *r)
{
    const char *target =
        arena_printf(r->chore.arena, "%s key %" PRIu32 " instead of %" PRIu32 ", by schedule",
                     key_purpose_name(r->due.purpose), r->keys.version, r->former->is.version);
    if (target == NULL) {
        failed(r, &(struct err){.reason = R_ARENA_EXHAUSTED});
        return;
    }
    r->change = (struct change_op){.scope = r->due.tenant,
                                   .who = {.addresses = "",
                                           .addresses_outside = "",
                                           .user = "",
                                           .component_name = "",
                                           .client_address = "",
                                           .user_agent = "",
                                           .correlation_id = ""}};
    chore_ask(&r->chore, &r->change.op, rotated, r);
    key_store_rotate(&r->change, &(struct key_rotation){.purpose = r->due.purpose,
                                                        .former = r->former->is.version,
                                                        .former_mark = r->former->mark,
                                                        .version = r->keys.version,
                                                        .root_version = r->keys.root_version,
                                                        .wrapped = r->keys.set[0].wrapped,
                                                        .public_jwk = r->keys.set[0].public_jwk,
                                                        .target = target});
}

static void made(struct keys_op *op)
{
    struct key_rotator *r = op->user;
    if (op->err.reason != R_NONE) {
        failed(r, &op->err);
    } else {
        rotate(r);
    }
}

static void make(struct key_rotator *r, struct key_versions all)
{
    chore_wrap(&r->chore, &r->keys, made, r);
    r->keys.tenant = r->due.tenant;
    r->keys.boundary = r->due.boundary;
    r->keys.suite = (enum keys_suite)r->due.suite;
    r->keys.version = key_life_next(all);
    r->keys.set[0].purpose = r->due.purpose;
    keys_create_version(&r->keys);
}

/* --- finding one ------------------------------------------------------------------------------ */

static const struct tenant_key_row *active_of(const struct key_find *find)
{
    for (size_t i = 0; i < find->count; i++) {
        if (find->rows[i].is.state == KEY_ACTIVE) {
            return &find->rows[i];
        }
    }
    return NULL;
}

static void read_versions(struct store_op *op)
{
    struct key_rotator *r = op->user;
    struct key_versions all = {.items = r->find.versions, .count = r->find.count};
    if (op->err.reason != R_NONE) {
        failed(r, &op->err);
        return;
    }
    r->former = active_of(&r->find);
    if (r->former == NULL) {
        chore_rest(&r->chore, NEXT_MS); /* somebody is at it */
    } else if (!key_life_has_room(all, r->due.purpose)) {
        log_event(LOG_WARNING, "keys.rotation_full", F_ID("tenant", r->due.tenant),
                  F_STR("purpose", key_purpose_name(r->due.purpose)),
                  F_STR("advice",
                        "It has as many versions as it may. Destroy those that nobody needs: "
                        "chancery key destroy."));
        leave_out(r);
    } else {
        make(r, all);
    }
}

static void found(struct store_op *op)
{
    struct key_rotator *r = op->user;
    if (op->err.reason != R_NONE) {
        log_event(LOG_WARNING, "keys.rotation_waits", F_ERR(&op->err));
        end_round(r);
    } else if (!r->due.is_found) {
        end_round(r);
    } else {
        r->find = (struct key_find){.tenant = r->due.tenant, .purpose = r->due.purpose};
        chore_ask(&r->chore, &r->find.op, read_versions, r);
        key_store_find(&r->find);
    }
}

static void on_timer(struct loop_timer *timer)
{
    struct key_rotator *r = LIST_ENTRY(timer, struct key_rotator, chore.timer);
    if (!chore_can_wrap(&r->chore)) {
        chore_rest(&r->chore, FIRST_MS);
        return;
    }
    r->due =
        (struct key_due){.served = views_served(r->chore.services->views), .skip = r->left_out};
    chore_ask(&r->chore, &r->due.op, found, r);
    key_store_find_due(&r->due);
}

/* --- life ------------------------------------------------------------------------------------- */

struct key_rotator *key_rotator_new(const struct services *services)
{
    struct key_rotator *r = xcalloc(1, sizeof *r);
    chore_init(&r->chore, services, ARENA_BYTES, on_timer);
    return r;
}

void key_rotator_begin(struct key_rotator *rotator)
{
    chore_rest(&rotator->chore, FIRST_MS);
}

void key_rotator_free(struct key_rotator *rotator)
{
    chore_fini(&rotator->chore);
    xfree(rotator);
}
