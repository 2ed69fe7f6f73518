/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cache/amendment_rows.h"

#include <string.h>

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

static rc read_rights(struct arena *arena, const char *text, const struct rights **out,
                      struct amendment *amendment, struct err *err)
{
    struct rights *rights = ARENA_NEW(arena, struct rights);
    ARENA_ENSURE(rights, err);
    if (!rights_parse(arena, slice_str(text), rights, NULL).ok) {
        *rights = (struct rights){0};
        note_unknown(amendment, text);
    }
    *out = rights;
    return OK;
}

/* Equal neighbors share their rights. */
static rc read_grants(struct arena *arena, const struct sql_amendment *from, struct amendment *out,
                      struct err *err)
{
    size_t count = from->grant_principals.count;
    ENSURE(from->grant_rights.count == count, err, R_DATABASE_ERROR);
    struct grant *grants = ARENA_ARRAY(arena, struct grant, count + 1);
    ARENA_ENSURE(grants, err);
    for (size_t i = 0; i < count; i++) {
        const char *text = from->grant_rights.items[i];
        bool is_shared = i > 0 && strcmp(text, from->grant_rights.items[i - 1]) == 0;
        grants[i] = (struct grant){read_principal(arena, from->grant_principals.items[i], out),
                                   is_shared ? grants[i - 1].rights : NULL};
        if (!is_shared) {
            TRY(read_rights(arena, text, &grants[i].rights, out, err));
        }
    }
    out->grants = grants;
    out->grant_count = count;
    return OK;
}

static rc read_removed(struct arena *arena, const struct sql_amendment *from, struct amendment *out,
                       struct err *err)
{
    struct principal *removed = ARENA_ARRAY(arena, struct principal, from->removed.count + 1);
    ARENA_ENSURE(removed, err);
    for (size_t i = 0; i < from->removed.count; i++) {
        removed[i] = read_principal(arena, from->removed.items[i], out);
    }
    out->removed = removed;
    out->removed_count = from->removed.count;
    return OK;
}

static void read_versions(const struct sql_amendment *from, struct amendment *out)
{
    const int64_t *versions = from->name_versions.items;
    size_t names = out->grant_count + out->recipient_count + out->removed_count;
    if (from->name_versions.count == 0) {
        return; /* all of them in the latest version */
    }
    if (from->name_versions.count != names) {
        note_unknown(out, "name_versions");
        return;
    }
    out->grant_versions = versions;
    out->recipient_versions = versions + out->grant_count;
    out->removed_versions = versions + out->grant_count + out->recipient_count;
}

rc amendment_read(struct arena *arena, const struct sql_amendment *from, struct amendment *out,
                  struct err *err)
{
    *out = (struct amendment){.version = from->version,
                              .mark = from->mark,
                              .is_valid = true,
                              .recipients = from->recipients.items,
                              .recipient_count = from->recipients.count,
                              .changes_expiry = from->changes_expiry,
                              .expires_at.s = from->expires_at / 1000000};
    TRY(read_grants(arena, from, out, err));
    TRY(read_removed(arena, from, out, err));
    read_versions(from, out);
    return OK;
}
