/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: rows of the view statements become values of lib/domain, in the
 * record's arena. */
#pragma once

#include "store/cache/views_internal.h"
#include "store/pg/pg_submit.h"

/* The statements of a tenant's segment, by their places in it. */
enum tenant_part {
    TENANT_EPOCH,
    TENANT_ITSELF,
    TENANT_DOMAINS,
    TENANT_TEMPLATES,
    TENANT_EXCLUSIONS,
    TENANT_SUPER_USERS,
    TENANT_PARTNERS,
    TENANT_DENIALS,
    TENANT_BRANDINGS,
    TENANT_KEYS,
    TENANT_PARTS
};

/* One that can't be understood means nobody; the first such becomes the problem. */
rc view_read_principals(struct arena *arena, struct pg_texts texts, const struct principal **out,
                        const char **problem, struct err *err);
rc view_read_epoch(struct arena *arena, const PGresult *r, int64_t *out, struct err *err);
/* A part that goes into the record by itself: all but TENANT_EPOCH and TENANT_TEMPLATES. */
rc view_read_part(struct tenant_record *record, size_t part, const PGresult *r, struct err *err);

/* Which templates there are, sorted, and what of them is there already. */
struct view_head {
    struct template_id id;
    int64_t mark;
    size_t names;
    struct template_record *record; /* counted; NULL: to be read, or gone */
};
struct view_heads {
    struct view_head *items; /* in the tenant record's arena */
    size_t count;
};
void view_heads_fini(struct view_heads *heads);
rc view_read_heads(struct arena *arena, const PGresult *r, struct view_heads *out, struct err *err);
/* Take what is in the same state from the record before. */
void view_take_over(struct view_heads *heads, const struct tenant_record *before);
/* Templates that were asked for, each into an arena of its own; `tenant`: its name, for the log. */
rc view_read_templates(struct view_heads *heads, const char *tenant, const PGresult *r,
                       struct err *err);
/* Into the view, in their order. One that is not there was deleted meanwhile. */
rc view_take_templates(struct tenant_record *record, struct view_heads *heads, struct err *err);

rc view_read_boundaries(const struct views *views, struct platform_record *record,
                        const PGresult *r, struct err *err);
rc view_read_rules(struct platform_record *record, const PGresult *r, struct err *err);
