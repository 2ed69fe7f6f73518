/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/amendment_store.h"

#include "store/cache/amendment_rows.h"
#include "store/resource/change_submit.h"

static rc read_amendment(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct amendment_fetch *fetch = LIST_ENTRY(op, struct amendment_fetch, op);
    struct sql_find_amendment_row row;
    (void)index;
    fetch->amendment = (struct amendment){.is_valid = true};
    if (PQntuples(r) == 0) {
        return OK;
    }
    TRY(sql_find_amendment_read(op->arena, r, 0, &row, err));
    return amendment_read(op->arena, &row.amendment, &fetch->amendment, err);
}

void amendment_store_fetch(struct amendment_fetch *fetch, struct tenant_id tenant,
                           struct content_id content)
{
    struct pg_params p = sql_find_amendment(
        fetch->op.arena, &(struct sql_find_amendment){.tenant = tenant, .content = content});
    pg_submit_one(&fetch->op, &p, read_amendment);
}

/* --- storing ---------------------------------------------------------------------------------- */

static const char *principal_text(struct arena *arena, const struct grant *grant)
{
    return principal_format(arena, &grant->principal);
}

static const char *rights_text(struct arena *arena, const struct grant *grant)
{
    char text[RIGHTS_TEXT_MAX + 1];
    rights_format(grant->rights, text);
    return arena_strdup(arena, text);
}

/* One text of each grant. */
static struct pg_texts grant_texts(struct arena *arena, const struct amendment *a,
                                   const char *(*text_of)(struct arena *, const struct grant *))
{
    const char **texts = ARENA_ARRAY(arena, const char *, a->grant_count + 1);
    for (size_t i = 0; texts != NULL && i < a->grant_count; i++) {
        texts[i] = text_of(arena, &a->grants[i]);
    }
    return (struct pg_texts){texts, a->grant_count};
}

static struct pg_texts removed_texts(struct arena *arena, const struct amendment *a)
{
    const char **texts = ARENA_ARRAY(arena, const char *, a->removed_count + 1);
    for (size_t i = 0; texts != NULL && i < a->removed_count; i++) {
        texts[i] = principal_format(arena, &a->removed[i]);
    }
    return (struct pg_texts){texts, a->removed_count};
}

/* Of the grants, then of the recipients, then of what was removed. */
static struct pg_int8s version_numbers(struct arena *arena, const struct amendment *a)
{
    const struct {
        const int64_t *versions;
        size_t count;
    } lists[] = {{a->grant_versions, a->grant_count},
                 {a->recipient_versions, a->recipient_count},
                 {a->removed_versions, a->removed_count}};
    size_t count = a->grant_count + a->recipient_count + a->removed_count, at = 0;
    int64_t *all = ARENA_ARRAY(arena, int64_t, count + 1);
    for (size_t i = 0; all != NULL && i < sizeof lists / sizeof lists[0]; i++) {
        for (size_t j = 0; j < lists[i].count; j++) {
            all[at++] = lists[i].versions == NULL ? a->version : lists[i].versions[j];
        }
    }
    return (struct pg_int8s){all, count};
}

static rc read_stored(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    (void)op;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_CONFLICT);
    return OK;
}

void amendment_store_put(struct change_op *op, const struct amendment_put *put)
{
    struct arena *arena = op->op.arena;
    const struct amendment *a = put->amendment;
    struct pg_params p = sql_amend(
        arena, &(struct sql_amend){.act = change_begin(op, "amend_policy"),
                                   .content = put->content,
                                   .before = put->before,
                                   .version = a->version,
                                   .grant_principals = grant_texts(arena, a, principal_text),
                                   .grant_rights = grant_texts(arena, a, rights_text),
                                   .recipients = {a->recipients, a->recipient_count},
                                   .removed = removed_texts(arena, a),
                                   .name_versions = version_numbers(arena, a),
                                   .changes_expiry = a->changes_expiry,
                                   .expires_at = a->expires_at.s * 1000000,
                                   .target = put->target});
    change_submit(op, &p, read_stored);
}
