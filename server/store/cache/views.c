/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cache/views.h"

#include <string.h>

#include "base/hashmap.h"
#include "base/mem.h"
#include "obs/metrics.h"
#include "store/cache/view_rows.h"
#include "store/sql/statements.gen.h"

enum { RECORD_BUDGET = 64 << 20, TENANTS_MAX = 10000, TENANTS_BYTES_MAX = 512 << 20 };

struct views {
    struct store *store;
    const char *const *served;
    struct hashmap *tenants; /* by id; of tenant_record */
    struct platform_record *platform;
};

const struct key_row *views_key(const struct tenant_record *tenant, enum key_purpose purpose,
                                uint32_t version)
{
    for (size_t i = 0; i < tenant->key_count; i++) {
        const struct key_row *key = &tenant->keys[i];
        bool wanted = version == 0 ? key->state == KEY_ACTIVE : key->version == version;
        if (key->purpose == purpose && wanted) {
            return key;
        }
    }
    return NULL;
}

/* --- counted records -------------------------------------------------------------------------- */

static void tenant_unref(void *value)
{
    struct tenant_record *record = value;
    if (record != NULL && --record->references == 0) {
        arena_free(record->arena);
    }
}

static void platform_unref(void *value)
{
    struct platform_record *record = value;
    if (record != NULL && --record->references == 0) {
        arena_free(record->arena);
    }
}

struct views *views_new(struct store *store, const char *const *served, size_t tenants_max)
{
    struct views *views = xcalloc(1, sizeof *views);
    views->store = store;
    views->served = served;
    views->tenants = hashmap_new_shared(tenants_max == 0 ? TENANTS_MAX : tenants_max,
                                        TENANTS_BYTES_MAX, tenant_unref);
    return views;
}

void views_free(struct views *views)
{
    if (views != NULL) {
        hashmap_free(views->tenants);
        platform_unref(views->platform);
        xfree(views);
    }
}

bool views_serves(const struct views *views, const char *boundary)
{
    if (views->served[0] == NULL) {
        return true;
    }
    for (size_t i = 0; views->served[i] != NULL; i++) {
        if (strcmp(views->served[i], boundary) == 0) {
            return true;
        }
    }
    return false;
}

const char *const *views_served(const struct views *views)
{
    return views->served;
}

const struct tenant_record *views_tenant(struct views *views, struct tenant_id id,
                                         struct arena *arena)
{
    struct err err = {0};
    struct tenant_record *record = hashmap_get(views->tenants, slice_of(id.u.b, UUID_BYTES));
    if (record == NULL) {
        return NULL;
    }
    metric_add(M_VIEWS, "hit", NULL, 1);
    record->references++;
    return arena_on_free(arena, tenant_unref, record, &err).ok ? record : NULL;
}

const struct platform_record *views_platform(struct views *views, struct arena *arena)
{
    struct err err = {0};
    if (views->platform == NULL) {
        return NULL;
    }
    views->platform->references++;
    return arena_on_free(arena, platform_unref, views->platform, &err).ok ? views->platform : NULL;
}

void views_drop(struct views *views, struct uuid scope)
{
    if (hashmap_remove(views->tenants, slice_of(scope.b, UUID_BYTES))) {
        metric_add(M_VIEWS, "dropped", NULL, 1);
    }
    if (uuid_is_zero(scope)) {
        platform_unref(views->platform);
        views->platform = NULL;
    }
}

/* --- loading ---------------------------------------------------------------------------------- */

/* The last row of a segment was read: the record is whole, so it goes into the cache. */
static rc keep_tenant(struct view_load *load, struct err *err)
{
    struct tenant_record *record = load->tenant;
    record->references = 2; /* the cache's, and that of the load's arena */
    load->tenant = NULL;
    /* One entry for each: in one share, in which the one unused for longest goes first. */
    hashmap_put_owned(load->views->tenants, slice_of(record->view.id.u.b, UUID_BYTES), record,
                      TENANT_PLATFORM.u, arena_used(record->arena));
    metric_add(M_VIEWS, "loaded", NULL, 1);
    TRY(arena_on_free(load->op.arena, tenant_unref, record, err));
    load->found_tenant = record;
    return OK;
}

static rc keep_platform(struct view_load *load, struct err *err)
{
    struct platform_record *record = load->platform;
    record->references = 2;
    load->platform = NULL;
    platform_unref(load->views->platform);
    load->views->platform = record;
    TRY(arena_on_free(load->op.arena, platform_unref, record, err));
    load->found_platform = record;
    return OK;
}

/* The statements of a segment, by their places in it. */
enum tenant_part {
    TENANT_EPOCH,
    TENANT_ITSELF,
    TENANT_DOMAINS,
    TENANT_TEMPLATES,
    TENANT_EXCLUSIONS,
    TENANT_SUPER_USERS,
    TENANT_PARTNERS,
    TENANT_KEYS, /* the last: then the record is whole */
    TENANT_PARTS
};
enum platform_part { PLATFORM_EPOCH, PLATFORM_BOUNDARIES, PLATFORM_RULES, PLATFORM_PARTS };

static rc read_tenant(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct view_load *load = LIST_ENTRY(op, struct view_load, op);
    struct tenant_record *record = load->tenant;
    switch ((enum tenant_part)index) {
    case TENANT_EPOCH:
        return view_read_epoch(record->arena, r, &record->epoch, err);
    case TENANT_ITSELF:
        return view_read_tenant(record, r, err);
    case TENANT_DOMAINS:
        return view_read_domains(record, r, err);
    case TENANT_TEMPLATES:
        return view_read_templates(record, r, err);
    case TENANT_EXCLUSIONS:
        return view_read_exclusions(record, r, err);
    case TENANT_SUPER_USERS:
        return view_read_super_users(record, r, err);
    case TENANT_PARTNERS:
        return view_read_partners(record, r, err);
    case TENANT_KEYS:
        TRY(view_read_keys(record, r, err));
        return keep_tenant(load, err);
    case TENANT_PARTS:
        break;
    }
    FAIL(err, R_INTERNAL, "tenant part %zu", index);
}

static rc read_platform(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct view_load *load = LIST_ENTRY(op, struct view_load, op);
    struct platform_record *record = load->platform;
    switch ((enum platform_part)index) {
    case PLATFORM_EPOCH:
        return view_read_epoch(record->arena, r, &record->epoch, err);
    case PLATFORM_BOUNDARIES:
        return view_read_boundaries(load->views, record, r, err);
    case PLATFORM_RULES:
        TRY(view_read_rules(record, r, err));
        return keep_platform(load, err);
    case PLATFORM_PARTS:
        break;
    }
    FAIL(err, R_INTERNAL, "platform part %zu", index);
}

/* What an unfinished or failed load leaves behind; the call's arena runs it. */
static void abandon(void *ptr)
{
    struct view_load *load = ptr;
    if (load->tenant != NULL) {
        arena_free(load->tenant->arena);
    }
    if (load->platform != NULL) {
        arena_free(load->platform->arena);
    }
    load->tenant = NULL;
    load->platform = NULL;
}

static struct pg_texts served_of(const struct views *views)
{
    size_t count = 0;
    while (views->served[count] != NULL) {
        count++;
    }
    return (struct pg_texts){views->served, count};
}

static void submit(struct view_load *load, const struct pg_params *params, size_t count,
                   pg_reader read)
{
    struct err err = {0};
    struct pg_segment segment = {.count = count, .read = read};
    for (size_t i = 0; i < count; i++) {
        segment.params[i] = &params[i];
    }
    if (!arena_on_free(load->op.arena, abandon, load, &err).ok) {
        pg_fail_later(&load->op, R_ARENA_EXHAUSTED, "view load");
        return;
    }
    pg_submit(&load->op, &segment);
}

void views_load_tenant(struct views *views, struct view_load *load, struct tenant_id id)
{
    struct arena *arena = arena_new_small(RECORD_BUDGET);
    load->views = views;
    load->platform = NULL;
    load->found_tenant = NULL;
    load->tenant = ARENA_NEW(arena, struct tenant_record);
    CH_ASSERT(load->tenant != NULL);
    load->tenant->arena = arena;
    load->tenant->view.id = id;
    struct arena *a = load->op.arena;
    struct pg_texts served = served_of(views);
    const struct pg_params params[] = {
        [TENANT_EPOCH] = sql_view_epoch(a, &(struct sql_view_epoch){id.u}),
        [TENANT_ITSELF] = sql_view_tenant(a, &(struct sql_view_tenant){id}),
        [TENANT_DOMAINS] = sql_view_domains(a, &(struct sql_view_domains){id}),
        [TENANT_TEMPLATES] = sql_view_templates(a, &(struct sql_view_templates){id, served}),
        [TENANT_EXCLUSIONS] = sql_view_exclusions(a, &(struct sql_view_exclusions){id, served}),
        [TENANT_SUPER_USERS] = sql_view_super_users(a, &(struct sql_view_super_users){id, served}),
        [TENANT_PARTNERS] = sql_view_partners(a, &(struct sql_view_partners){id}),
        [TENANT_KEYS] = sql_view_keys(a, &(struct sql_view_keys){id, served}),
    };
    submit(load, params, TENANT_PARTS, read_tenant);
}

void views_load_platform(struct views *views, struct view_load *load)
{
    struct arena *arena = arena_new_small(RECORD_BUDGET);
    load->views = views;
    load->tenant = NULL;
    load->found_platform = NULL;
    load->platform = ARENA_NEW(arena, struct platform_record);
    CH_ASSERT(load->platform != NULL);
    load->platform->arena = arena;
    struct arena *a = load->op.arena;
    const struct pg_params params[] = {
        [PLATFORM_EPOCH] = sql_view_epoch(a, &(struct sql_view_epoch){TENANT_PLATFORM.u}),
        [PLATFORM_BOUNDARIES] = sql_view_boundaries(a),
        [PLATFORM_RULES] = sql_view_rules(a),
    };
    submit(load, params, PLATFORM_PARTS, read_platform);
}
