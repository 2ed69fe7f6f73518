/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cache/views_internal.h"

#include <string.h>

#include "base/mem.h"
#include "obs/metrics.h"

enum { TENANTS_MAX = 10000, TENANTS_BYTES_MAX = 512 << 20 };

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

struct template_record *template_ref(struct template_record *record)
{
    record->references++;
    return record;
}

void template_unref(struct template_record *record)
{
    if (record != NULL && --record->references == 0) {
        arena_free(record->arena);
    }
}

void tenant_unref(void *value)
{
    struct tenant_record *record = value;
    if (record != NULL && --record->references == 0) {
        for (size_t i = 0; i < record->view.template_count; i++) {
            template_unref(record->templates[i]);
        }
        arena_free(record->arena);
    }
}

/* Templates that several records share count for each. */
size_t tenant_bytes(const struct tenant_record *record)
{
    size_t bytes = arena_used(record->arena);
    for (size_t i = 0; i < record->view.template_count; i++) {
        bytes += arena_used(record->templates[i]->arena);
    }
    return bytes;
}

void platform_unref(void *value)
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
    list_init(&views->flights);
    return views;
}

void views_free(struct views *views)
{
    if (views != NULL) {
        view_flights_end(views);
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
    if (record == NULL || record->is_stale) {
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

void views_drop(struct views *views, struct uuid scope, int64_t epoch)
{
    struct tenant_record *tenant = hashmap_get(views->tenants, slice_of(scope.b, UUID_BYTES));
    if (tenant != NULL && !tenant->is_stale && tenant->epoch == epoch) {
        tenant->is_stale = true;
        metric_add(M_VIEWS, "dropped", NULL, 1);
    }
    if (uuid_is_zero(scope) && views->platform != NULL && views->platform->epoch == epoch) {
        platform_unref(views->platform);
        views->platform = NULL;
    }
}
