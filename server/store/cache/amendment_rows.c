/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cache/amendment_rows.h"

static void note_unknown(struct amendment *out, const char *text)
{
    out->problem = out->is_valid ? text : out->problem;
    out->is_valid = false;
}

static struct principal read_principal(struct arena *arena, const char *text, struct amendment *out)
{
    struct principal principal;
    if (principal_parse(arena, slice_str(text), &principal, NULL).ok) {
        return principal;
    }
    note_unknown(out, text);
    return (struct principal){PRINCIPAL_UNKNOWN, text};
}

static rc read_grants(struct arena *arena, const struct amendment_cell *cell, struct amendment *out,
                      struct err *err)
{
    const char *const *principals = NULL, *const *rights = NULL;
    size_t rights_count = 0;
    TRY(pg_texts(arena, cell->r, cell->row, cell->column + 1, &principals, &out->grant_count, err));
    TRY(pg_texts(arena, cell->r, cell->row, cell->column + 2, &rights, &rights_count, err));
    ENSURE(rights_count == out->grant_count, err, R_DATABASE_ERROR);
    struct grant *grants = ARENA_ARRAY(arena, struct grant, out->grant_count + 1);
    struct rights *own = ARENA_ARRAY(arena, struct rights, out->grant_count + 1);
    ARENA_ENSURE(grants, err);
    ARENA_ENSURE(own, err);
    for (size_t i = 0; i < out->grant_count; i++) {
        grants[i] = (struct grant){read_principal(arena, principals[i], out), &own[i]};
        if (!rights_parse(arena, slice_str(rights[i]), &own[i], NULL).ok) {
            note_unknown(out, rights[i]);
        }
    }
    out->grants = grants;
    return OK;
}

static rc read_removed(struct arena *arena, const struct amendment_cell *cell,
                       struct amendment *out, struct err *err)
{
    const char *const *texts = NULL;
    TRY(pg_texts(arena, cell->r, cell->row, cell->column + 4, &texts, &out->removed_count, err));
    struct principal *removed = ARENA_ARRAY(arena, struct principal, out->removed_count + 1);
    ARENA_ENSURE(removed, err);
    for (size_t i = 0; i < out->removed_count; i++) {
        removed[i] = read_principal(arena, texts[i], out);
    }
    out->removed = removed;
    return OK;
}

rc amendment_read(struct arena *arena, const struct amendment_cell *cell, struct amendment *out,
                  struct err *err)
{
    *out =
        (struct amendment){.version = pg_int(cell->r, cell->row, cell->column), .is_valid = true};
    TRY(read_grants(arena, cell, out, err));
    TRY(pg_texts(arena, cell->r, cell->row, cell->column + 3, &out->recipients,
                 &out->recipient_count, err));
    TRY(read_removed(arena, cell, out, err));
    out->changes_expiry = pg_bool(cell->r, cell->row, cell->column + 5);
    out->expires_at.s = pg_time(cell->r, cell->row, cell->column + 6) / 1000000;
    return OK;
}
