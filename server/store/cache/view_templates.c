/* SPDX-License-Identifier: Apache-2.0 */
/* Templates of a tenant's view: which there are, which are there already, and reading the rest. */
#include <string.h>

#include "obs/log.h"
#include "store/cache/view_rows.h"
#include "store/sql/statements.gen.h"

enum { TEMPLATE_BUDGET = 4 << 20 };

/* --- policies --------------------------------------------------------------------------------- */

rc view_read_principals(struct arena *arena, struct pg_texts texts, const struct principal **out,
                        const char **problem, struct err *err)
{
    struct principal *principals = ARENA_ARRAY(arena, struct principal, texts.count + 1);
    ARENA_ENSURE(principals, err);
    for (size_t i = 0; i < texts.count; i++) {
        struct err why = {0};
        const char *text = texts.items[i];
        if (!principal_parse(arena, slice_str(text), &principals[i], &why).ok) {
            ENSURE(why.reason == R_FIELD_INVALID, err, R_ARENA_EXHAUSTED);
            principals[i] = (struct principal){PRINCIPAL_UNKNOWN, text};
            *problem = *problem == NULL ? text : *problem;
        }
    }
    *out = principals;
    return OK;
}

/* Read a list of rights. One that can't be understood means none; the first such becomes the
 * problem. */
static rc read_rights(struct arena *arena, const char *text, const struct rights **out,
                      const char **problem, struct err *err)
{
    struct err why = {0};
    struct rights *rights = ARENA_NEW(arena, struct rights);
    ARENA_ENSURE(rights, err);
    if (!rights_parse(arena, slice_str(text), rights, &why).ok) {
        ENSURE(why.reason == R_POLICY_INVALID, err, R_ARENA_EXHAUSTED);
        *rights = (struct rights){0};
        *problem = *problem == NULL ? text : *problem;
    }
    *out = rights;
    return OK;
}

/* Principals and rights lie in parallel arrays; those of one grant one behind the other, so equal
 * neighbors share their rights. */
static rc read_grants(struct arena *arena, const struct sql_view_templates_row *row,
                      struct template_policy *out, struct err *err)
{
    const struct principal *principals = NULL;
    size_t count = row->grant_principals.count;
    ENSURE(row->grant_rights.count == count, err, R_DATABASE_ERROR);
    TRY(view_read_principals(arena, row->grant_principals, &principals, &out->problem, err));
    CH_ASSERT(principals != NULL);
    struct grant *grants = ARENA_ARRAY(arena, struct grant, count + 1);
    ARENA_ENSURE(grants, err);
    for (size_t i = 0; i < count; i++) {
        const char *text = row->grant_rights.items[i];
        bool is_shared = i > 0 && strcmp(text, row->grant_rights.items[i - 1]) == 0;
        grants[i] = (struct grant){principals[i], is_shared ? grants[i - 1].rights : NULL};
        if (!is_shared) {
            TRY(read_rights(arena, text, &grants[i].rights, &out->problem, err));
        }
    }
    out->grants = grants;
    out->grant_count = count;
    return OK;
}

static rc read_template(struct template_record *record, const PGresult *r, int i, struct err *err)
{
    struct arena *arena = record->arena;
    struct template_policy *out = &record->policy;
    struct sql_view_templates_row row;
    TRY(sql_view_templates_read(arena, r, i, &row, err));
    out->id = row.template;
    out->version = row.version;
    record->mark = row.mark;
    out->is_archived = row.archived;
    out->scope_count = row.scope.count;
    TRY(view_read_principals(arena, row.scope, &out->scope, &out->problem, err));
    out->expires_at.s = row.expires_at / 1000000;
    out->expires_after_days = row.expires_after_days;
    out->offline_days = row.offline_days;
    out->referral_contact = row.referral_contact;
    TRY(read_grants(arena, &row, out, err));
    out->is_valid = out->problem == NULL;
    return OK;
}

/* --- heads ------------------------------------------------------------------------------------ */

void view_heads_fini(struct view_heads *heads)
{
    for (size_t i = 0; i < heads->count; i++) {
        template_unref(heads->items[i].record);
    }
    *heads = (struct view_heads){.items = NULL};
}

rc view_read_heads(struct arena *arena, const PGresult *r, struct view_heads *out, struct err *err)
{
    size_t count = (size_t)PQntuples(r);
    out->items = ARENA_ARRAY(arena, struct view_head, count + 1);
    ARENA_ENSURE(out->items, err);
    for (size_t i = 0; i < count; i++) {
        struct sql_view_template_heads_row row;
        TRY(sql_view_template_heads_read(arena, r, (int)i, &row, err));
        out->items[i] =
            (struct view_head){.id = row.template,
                               .mark = row.mark,
                               .names = row.name_count > 0 ? (size_t)row.name_count : 0};
    }
    out->count = count;
    return OK;
}

/* Both are sorted by id. */
void view_take_over(struct view_heads *heads, const struct tenant_record *before)
{
    size_t at = 0;
    for (size_t i = 0; i < heads->count; i++) {
        struct view_head *head = &heads->items[i];
        while (at < before->view.template_count &&
               uuid_compare(before->templates[at]->policy.id.u, head->id.u) < 0) {
            at++;
        }
        struct template_record *known =
            at < before->view.template_count ? before->templates[at] : NULL;
        if (known != NULL && ID_EQ(known->policy.id, head->id) && known->mark == head->mark) {
            head->record = template_ref(known);
        }
    }
}

static struct view_head *find_head(struct view_heads *heads, struct template_id id)
{
    size_t from = 0, to = heads->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = uuid_compare(id.u, heads->items[middle].id.u);
        if (order == 0) {
            return &heads->items[middle];
        }
        from = order > 0 ? middle + 1 : from;
        to = order < 0 ? middle : to;
    }
    return NULL;
}

/* --- reading ---------------------------------------------------------------------------------- */

static struct template_record *new_record(void)
{
    struct arena *arena = arena_new_small(TEMPLATE_BUDGET);
    struct template_record *record = ARENA_NEW(arena, struct template_record);
    CH_ASSERT(record != NULL);
    record->arena = arena;
    record->references = 1;
    return record;
}

rc view_read_templates(struct view_heads *heads, const char *tenant, const PGresult *r,
                       struct err *err)
{
    for (int i = 0; i < PQntuples(r); i++) {
        struct template_record *record = new_record();
        rc is_read = read_template(record, r, i, err);
        if (!is_read.ok) {
            template_unref(record);
            return is_read;
        }
        if (!record->policy.is_valid) {
            log_event(LOG_ERROR, "view.template_invalid", F_STR("tenant", tenant),
                      F_ID("template", record->policy.id), F_USER("text", record->policy.problem));
        }
        struct view_head *head = find_head(heads, record->policy.id);
        if (head == NULL || head->record != NULL) {
            template_unref(record);
            FAIL(err, R_DATABASE_ERROR, "a template that nobody asked for");
        }
        head->record = record;
    }
    return OK;
}

rc view_take_templates(struct tenant_record *record, struct view_heads *heads, struct err *err)
{
    size_t count = 0;
    struct template_policy *policies =
        ARENA_ARRAY(record->arena, struct template_policy, heads->count + 1);
    record->templates = ARENA_ARRAY(record->arena, struct template_record *, heads->count + 1);
    ARENA_ENSURE(policies, err);
    ARENA_ENSURE(record->templates, err);
    for (size_t i = 0; i < heads->count; i++) {
        if (heads->items[i].record != NULL) {
            record->templates[count] = heads->items[i].record; /* its count goes along */
            policies[count++] = heads->items[i].record->policy;
            heads->items[i].record = NULL;
        }
    }
    record->view.templates = policies;
    record->view.template_count = count;
    return OK;
}
