/* SPDX-License-Identifier: Apache-2.0 */
/* Tenants and the platform as immutable values with their epochs, cached per worker.
 *
 * A value is counted: a call holds one as long as its arena lives, whatever the cache drops
 * meanwhile. A cached value may be out of date; the gate finds out, and then views_drop makes
 * room for a new one.
 *
 * Loads are shared. Of one scope one is on its way at a time, and whoever asks meanwhile shares the next
 * one: what is loaded was read after everybody asked who gets it. Of templates only those are read that
 * differ from what is there. */
#pragma once

#include "domain/values/boundary.h"
#include "domain/values/key_purpose.h"
#include "domain/values/key_state.h"
#include "domain/values/tenant.h"
#include "store/pg/store.h"

struct views;
struct view_flight;
struct template_record;

/* A key of a tenant's set as it rests in the database. */
struct key_row {
    enum key_purpose purpose;
    enum key_state state;
    uint32_t version;
    uint32_t root_version;
    struct slice wrapped;
    const char *public_jwk; /* "" for sealing keys */
};

struct tenant_record {
    struct tenant_view view;
    const struct key_row *keys; /* by purpose and version */
    size_t key_count;
    int64_t epoch;
    /* Private. */
    struct arena *arena;
    size_t references;
    bool is_stale; /* nobody gets it any more; what holds of it is taken over */
    struct template_record **templates; /* each counted by itself; as many as the view has */
};

struct platform_record {
    struct platform_view view;
    int64_t epoch;
    struct arena *arena;
    size_t references;
};

/* NULL when there is none. Version 0: the active one. */
const struct key_row *views_key(const struct tenant_record *tenant, enum key_purpose purpose,
                                uint32_t version);

/* `served` names the boundaries of this node, NULL-terminated; an empty list serves all. Of a
 * tenant of another boundary only what tells who people are is loaded: name, boundary, state,
 * domains, partners. Borrows. */
struct views *views_new(struct store *store, const char *const *served, size_t tenants_max);
void views_free(struct views *views);
bool views_serves(const struct views *views, const char *boundary);
/* As given to views_new. */
const char *const *views_served(const struct views *views);

/* From the cache, held by the arena; NULL when it must be loaded. */
const struct tenant_record *views_tenant(struct views *views, struct tenant_id id,
                                         struct arena *arena);
const struct platform_record *views_platform(struct views *views, struct arena *arena);

/* Load into the cache. Completes op; R_NOT_FOUND when there is no such tenant. */
struct view_load {
    struct store_op op; /* its `done` is the caller's */
    /* What was loaded, held by the operation's arena. */
    const struct tenant_record *found_tenant;
    const struct platform_record *found_platform;
    /* Private. */
    struct list link;          /* in the flight's */
    struct view_flight *alone; /* the one that a transaction has for itself; NULL: none */
};
void views_load_tenant(struct views *views, struct view_load *load, struct tenant_id id);
void views_load_platform(struct views *views, struct view_load *load);
/* What the cache holds of a scope is out of date, if it is of this epoch. */
void views_drop(struct views *views, struct uuid scope, int64_t epoch);
