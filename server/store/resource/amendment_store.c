/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/amendment_store.h"

#include "store/cache/amendment_rows.h"
#include "store/resource/change_submit.h"

static rc read_amendment(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct amendment_fetch *fetch = LIST_ENTRY(op, struct amendment_fetch, op);
    (void)index;
    fetch->amendment = (struct amendment){.is_valid = true};
    return PQntuples(r) == 0 ? OK
                             : amendment_read(op->arena, &(struct amendment_cell){r, 0, 0},
                                              &fetch->amendment, err);
}

void amendment_store_fetch(struct amendment_fetch *fetch, struct tenant_id tenant,
                           struct content_id content)
{
    struct pg_params p;
    pg_params_init(&p, fetch->op.arena);
    pg_add_uuid(&p, tenant.u);
    pg_add_uuid(&p, content.u);
    pg_submit_one(&fetch->op, ST_find_amendment, &p, read_amendment);
}

static const char *rights_text(struct arena *arena, const struct rights *rights)
{
    char text[RIGHTS_TEXT_MAX + 1];
    rights_format(rights, text);
    return arena_strdup(arena, text);
}

static void add_texts(struct pg_params *p, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (texts[i] == NULL) {
            p->failed = true; /* over budget */
            return;
        }
    }
    pg_add_texts(p, texts, count);
}

static void add_grants(struct pg_params *p, const struct amendment *a)
{
    const char **principals = ARENA_ARRAY(p->arena, const char *, a->grant_count + 1);
    const char **rights = ARENA_ARRAY(p->arena, const char *, a->grant_count + 1);
    if (principals == NULL || rights == NULL) {
        p->failed = true;
        return;
    }
    for (size_t i = 0; i < a->grant_count; i++) {
        principals[i] = principal_format(p->arena, &a->grants[i].principal);
        rights[i] = rights_text(p->arena, a->grants[i].rights);
    }
    add_texts(p, principals, a->grant_count);
    add_texts(p, rights, a->grant_count);
}

static void add_removed(struct pg_params *p, const struct amendment *a)
{
    const char **removed = ARENA_ARRAY(p->arena, const char *, a->removed_count + 1);
    if (removed == NULL) {
        p->failed = true;
        return;
    }
    for (size_t i = 0; i < a->removed_count; i++) {
        removed[i] = principal_format(p->arena, &a->removed[i]);
    }
    add_texts(p, removed, a->removed_count);
}

static rc read_stored(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    (void)op;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_CONFLICT);
    return OK;
}

void amendment_store_put(struct amendment_put *store)
{
    const struct amendment *a = store->amendment;
    struct pg_params p = change_params(store->op.arena, store->tenant, "amend_policy", &store->who);
    pg_add_uuid(&p, store->content.u);
    pg_add_int8(&p, a->version);
    add_grants(&p, a);
    add_texts(&p, a->recipients, a->recipient_count);
    add_removed(&p, a);
    pg_add_bool(&p, a->changes_expiry);
    pg_add_time(&p, a->expires_at.s * 1000000);
    pg_add_text(&p, store->target);
    pg_submit_one(&store->op, ST_amend, &p, read_stored);
}
