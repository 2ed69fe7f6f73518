/* SPDX-License-Identifier: Apache-2.0 */
/* Loads on their way. A flight reads one scope for all who asked before it began:
 *
 *   WAITING ------> ROWS ------> TEMPLATES ------> landed: the record goes into the cache, and to everybody
 *     for the one     |            | a part of those that have changed at a time, so that no
 *     before          |            | turn of the loop reads more than PART_NAMES_MAX names or one template
 *                     +------------+--> failed: everybody hears of it
 *
 * A template is taken over from the record before when it is in the same state. */
#include "base/mem.h"
#include "base/texts.h"
#include "obs/metrics.h"
#include "store/cache/view_rows.h"
#include "store/cache/views_internal.h"
#include "store/pg/pg_transaction.h"
#include "store/sql/statements.gen.h"

enum { RECORD_BUDGET = 64 << 20, FLIGHT_BUDGET = 4 << 20, PART_NAMES_MAX = 256, PART_MAX = 64 };

struct view_flight {
    struct list link;    /* in views->flights */
    struct list waiting; /* of view_load */
    struct views *views;
    struct uuid scope; /* zero: the platform */
    /* What it reads is what that has made, which nobody else may see: it shares nothing, and the cache gets none of it. */
    struct store_transaction *transaction; /* NULL: none */
    bool has_begun;
    struct store_op op;
    struct arena *arena;          /* of parameters */
    struct tenant_record *tenant; /* what is being made; one of the two */
    struct platform_record *platform;
    struct view_heads heads;
    size_t next; /* the first of the heads that may not be there */
};

static void begin(struct view_flight *flight);

static void prepare(struct view_flight *flight, void (*done)(struct store_op *op))
{
    store_op_init(&flight->op, flight->views->store, flight->arena, done, NULL);
    flight->op.party = flight->scope;
    flight->op.transaction = flight->transaction;
}

/* --- its end ---------------------------------------------------------------------------------- */

static void free_flight(struct view_flight *flight)
{
    list_remove(&flight->link);
    store_op_cancel(&flight->op);
    view_heads_fini(&flight->heads);
    tenant_unref(flight->tenant);
    platform_unref(flight->platform);
    arena_free(flight->arena);
    xfree(flight);
}

void view_flights_end(struct views *views)
{
    LIST_EACH_SAFE (link, after, &views->flights) {
        struct view_flight *flight = LIST_ENTRY(link, struct view_flight, link);
        CH_ASSERT(list_is_empty(&flight->waiting));
        free_flight(flight);
    }
}

/* Hand the record to whoever waits; the arena of each holds it. */
static void give(struct view_flight *flight, struct view_load *load, const struct err *err)
{
    load->op.err = *err;
    load->found_tenant = NULL;
    load->found_platform = NULL;
    if (err->reason == R_NONE && flight->tenant != NULL) {
        flight->tenant->references++;
        if (arena_on_free(load->op.arena, tenant_unref, flight->tenant, &load->op.err).ok) {
            load->found_tenant = flight->tenant;
        }
    } else if (err->reason == R_NONE) {
        flight->platform->references++;
        if (arena_on_free(load->op.arena, platform_unref, flight->platform, &load->op.err).ok) {
            load->found_platform = flight->platform;
        }
    }
    load->op.done(&load->op);
}

static void begin_next(struct views *views, struct uuid scope)
{
    LIST_EACH (link, &views->flights) {
        struct view_flight *flight = LIST_ENTRY(link, struct view_flight, link);
        if (flight->transaction == NULL && uuid_eq(flight->scope, scope)) {
            begin(flight);
            return;
        }
    }
}

/* Whoever is told may ask again, so the flight is out of the list by then. */
static void land(struct view_flight *flight, const struct err *err)
{
    struct err told = *err;
    struct list *link;
    list_remove(&flight->link);
    if (flight->transaction == NULL) {
        begin_next(flight->views, flight->scope);
    }
    while ((link = list_pop(&flight->waiting)) != NULL) {
        struct view_load *load = LIST_ENTRY(link, struct view_load, link);
        load->op.on_cancel = NULL;
        give(flight, load, &told);
    }
    free_flight(flight);
}

static void keep_tenant(struct view_flight *flight)
{
    flight->tenant->references++;
    if (flight->transaction != NULL) { /* the next one takes over from it what is the same */
        store_transaction_keep(flight->transaction, flight->tenant, tenant_unref);
        return;
    }
    /* One entry for each: in one share, in which the one unused for longest goes first. */
    hashmap_put_owned(flight->views->tenants, slice_of(flight->scope.b, UUID_BYTES), flight->tenant,
                      TENANT_PLATFORM.u, tenant_bytes(flight->tenant));
    metric_add(M_VIEWS, "loaded", NULL, 1);
}

static void keep_platform(struct view_flight *flight)
{
    if (flight->transaction != NULL) {
        return;
    }
    flight->platform->references++;
    platform_unref(flight->views->platform);
    flight->views->platform = flight->platform;
}

/* --- templates -------------------------------------------------------------------------------- */

static struct pg_texts served_of(const struct views *views)
{
    return (struct pg_texts){views->served, texts_count(views->served)};
}

static void part_read(struct store_op *op);

static rc read_part(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct view_flight *flight = LIST_ENTRY(op, struct view_flight, op);
    (void)index;
    return view_read_templates(&flight->heads, flight->tenant->view.name, r, err);
}

/* The templates that are asked for next, at least one; NULL: all are there. */
static const struct sql_wanted_template *next_part(struct view_flight *flight, size_t *count)
{
    struct sql_wanted_template *wanted =
        ARENA_ARRAY(flight->arena, struct sql_wanted_template, PART_MAX);
    size_t names = 0;
    CH_ASSERT(wanted != NULL);
    *count = 0;
    for (; flight->next < flight->heads.count && *count < PART_MAX; flight->next++) {
        const struct view_head *head = &flight->heads.items[flight->next];
        if (head->record != NULL) {
            continue;
        }
        if (*count > 0 && names + head->names > PART_NAMES_MAX) {
            break;
        }
        names += head->names;
        wanted[(*count)++].template = head->id;
    }
    return *count > 0 ? wanted : NULL;
}

static void go_on(struct view_flight *flight)
{
    struct err err = {0};
    size_t count;
    arena_reset(flight->arena);
    const struct sql_wanted_template *wanted = next_part(flight, &count);
    if (wanted == NULL) {
        if (view_take_templates(flight->tenant, &flight->heads, &err).ok) {
            keep_tenant(flight);
        }
        land(flight, &err);
        return;
    }
    prepare(flight, part_read);
    struct pg_params p = sql_view_templates(
        flight->arena, &(struct sql_view_templates){.tenant = {flight->scope},
                                                    .served = served_of(flight->views),
                                                    .wanted = {wanted, count}});
    pg_submit_one(&flight->op, &p, read_part);
}

static void part_read(struct store_op *op)
{
    struct view_flight *flight = LIST_ENTRY(op, struct view_flight, op);
    if (op->err.reason == R_NONE) {
        go_on(flight);
    } else {
        land(flight, &op->err);
    }
}

/* --- rows ------------------------------------------------------------------------------------- */

enum platform_part { PLATFORM_EPOCH, PLATFORM_BOUNDARIES, PLATFORM_RULES, PLATFORM_PARTS };

static rc read_tenant(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct view_flight *flight = LIST_ENTRY(op, struct view_flight, op);
    struct tenant_record *record = flight->tenant;
    if (index == TENANT_EPOCH) {
        return view_read_epoch(record->arena, r, &record->epoch, err);
    }
    if (index == TENANT_TEMPLATES) {
        return view_read_heads(record->arena, r, &flight->heads, err);
    }
    return view_read_part(record, index, r, err);
}

static rc read_platform(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct view_flight *flight = LIST_ENTRY(op, struct view_flight, op);
    struct platform_record *record = flight->platform;
    switch ((enum platform_part)index) {
    case PLATFORM_EPOCH:
        return view_read_epoch(record->arena, r, &record->epoch, err);
    case PLATFORM_BOUNDARIES:
        return view_read_boundaries(flight->views, record, r, err);
    case PLATFORM_RULES:
        return view_read_rules(record, r, err);
    case PLATFORM_PARTS:
        break;
    }
    FAIL(err, R_INTERNAL, "platform part %zu", index);
}

static void submit(struct view_flight *flight, const struct pg_params *params, size_t count,
                   pg_reader read)
{
    struct pg_segment segment = {.count = count, .read = read};
    for (size_t i = 0; i < count; i++) {
        segment.params[i] = &params[i];
    }
    pg_submit(&flight->op, &segment);
}

static const struct tenant_record *record_before(const struct view_flight *flight)
{
    const struct tenant_record *kept =
        flight->transaction == NULL ? NULL : store_transaction_kept(flight->transaction);
    return kept != NULL && uuid_eq(kept->view.id.u, flight->scope)
               ? kept
               : hashmap_get(flight->views->tenants, slice_of(flight->scope.b, UUID_BYTES));
}

static void tenant_read(struct store_op *op)
{
    struct view_flight *flight = LIST_ENTRY(op, struct view_flight, op);
    if (op->err.reason != R_NONE) {
        land(flight, &op->err);
        return;
    }
    const struct tenant_record *before = record_before(flight);
    if (before != NULL) {
        view_take_over(&flight->heads, before);
    }
    go_on(flight);
}

static void begin_tenant(struct view_flight *flight)
{
    struct arena *own = arena_new_small(RECORD_BUDGET), *a = flight->arena;
    struct tenant_id id = {flight->scope};
    struct pg_texts served = served_of(flight->views);
    flight->tenant = ARENA_NEW(own, struct tenant_record);
    CH_ASSERT(flight->tenant != NULL);
    flight->tenant->arena = own;
    flight->tenant->references = 1;
    flight->tenant->view.id = id;
    prepare(flight, tenant_read);
    const struct pg_params params[] = {
        [TENANT_EPOCH] = sql_view_epoch(a, &(struct sql_view_epoch){id.u}),
        [TENANT_ITSELF] = sql_view_tenant(a, &(struct sql_view_tenant){id}),
        [TENANT_DOMAINS] = sql_view_domains(a, &(struct sql_view_domains){id}),
        [TENANT_TEMPLATES] =
            sql_view_template_heads(a, &(struct sql_view_template_heads){id, served}),
        [TENANT_EXCLUSIONS] = sql_view_exclusions(a, &(struct sql_view_exclusions){id, served}),
        [TENANT_SUPER_USERS] = sql_view_super_users(a, &(struct sql_view_super_users){id, served}),
        [TENANT_PARTNERS] = sql_view_partners(a, &(struct sql_view_partners){id}),
        [TENANT_DENIALS] = sql_view_denials(a, &(struct sql_view_denials){id, served}),
        [TENANT_BRANDINGS] = sql_view_brandings(a, &(struct sql_view_brandings){id, served}),
        [TENANT_KEYS] = sql_view_keys(a, &(struct sql_view_keys){id, served}),
    };
    submit(flight, params, TENANT_PARTS, read_tenant);
}

static void platform_read(struct store_op *op)
{
    struct view_flight *flight = LIST_ENTRY(op, struct view_flight, op);
    if (op->err.reason == R_NONE) {
        keep_platform(flight);
    }
    land(flight, &op->err);
}

static void begin_platform(struct view_flight *flight)
{
    struct arena *own = arena_new_small(RECORD_BUDGET), *a = flight->arena;
    flight->platform = ARENA_NEW(own, struct platform_record);
    CH_ASSERT(flight->platform != NULL);
    flight->platform->arena = own;
    flight->platform->references = 1;
    prepare(flight, platform_read);
    const struct pg_params params[] = {
        [PLATFORM_EPOCH] = sql_view_epoch(a, &(struct sql_view_epoch){TENANT_PLATFORM.u}),
        [PLATFORM_BOUNDARIES] = sql_view_boundaries(a),
        [PLATFORM_RULES] = sql_view_rules(a),
    };
    submit(flight, params, PLATFORM_PARTS, read_platform);
}

static void begin(struct view_flight *flight)
{
    flight->has_begun = true;
    uuid_is_zero(flight->scope) ? begin_platform(flight) : begin_tenant(flight);
}

/* --- getting on board ------------------------------------------------------------------------- */

/* A transaction's flight has one passenger, and may not outlive it. */
static void get_off(struct store_op *op)
{
    struct view_load *load = LIST_ENTRY(op, struct view_load, op);
    list_remove(&load->link);
    if (load->alone != NULL) {
        free_flight(load->alone);
    }
}

static struct view_flight *new_flight(struct views *views, struct uuid scope)
{
    struct view_flight *flight = xcalloc(1, sizeof *flight);
    flight->views = views;
    flight->scope = scope;
    flight->arena = arena_new(FLIGHT_BUDGET);
    list_init(&flight->waiting);
    list_append(&views->flights, &flight->link);
    return flight;
}

/* The flight of the scope that has not begun; *is_first: no other is on its way. */
static struct view_flight *next_flight(struct views *views, struct uuid scope, bool *is_first)
{
    *is_first = true;
    LIST_EACH (link, &views->flights) {
        struct view_flight *flight = LIST_ENTRY(link, struct view_flight, link);
        if (flight->transaction != NULL || !uuid_eq(flight->scope, scope)) {
            continue;
        }
        if (!flight->has_begun) {
            return flight;
        }
        *is_first = false;
    }
    return new_flight(views, scope);
}

static void load_scope(struct views *views, struct view_load *load, struct uuid scope)
{
    bool is_first = true;
    struct store_transaction *transaction = load->op.transaction;
    struct view_flight *flight =
        transaction == NULL ? next_flight(views, scope, &is_first) : new_flight(views, scope);
    flight->transaction = transaction;
    load->alone = transaction == NULL ? NULL : flight;
    err_clear(&load->op.err);
    list_append(&flight->waiting, &load->link);
    load->op.on_cancel = get_off;
    if (is_first) {
        begin(flight);
    }
}

void views_load_tenant(struct views *views, struct view_load *load, struct tenant_id id)
{
    load_scope(views, load, id.u);
}

void views_load_platform(struct views *views, struct view_load *load)
{
    load_scope(views, load, TENANT_PLATFORM.u);
}
