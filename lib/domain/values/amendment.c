/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/amendment.h"

#include "base/texts.h"

static bool is_named(const struct principal *principal, enum principal_kind kind, const char *name)
{
    return principal->kind == kind && strcmp(principal->name, name) == 0;
}

static bool grants_name(const struct amendment *a, enum principal_kind kind, const char *name)
{
    for (size_t i = 0; i < a->grant_count; i++) {
        if (is_named(&a->grants[i].principal, kind, name)) {
            return true;
        }
    }
    return false;
}

static bool removes(const struct amendment *a, enum principal_kind kind, const char *name)
{
    for (size_t i = 0; i < a->removed_count; i++) {
        if (is_named(&a->removed[i], kind, name)) {
            return true;
        }
    }
    return false;
}

bool amendment_names(const struct amendment *amendment, enum principal_kind kind, const char *name)
{
    return amendment != NULL &&
           (grants_name(amendment, kind, name) || removes(amendment, kind, name));
}

static bool adds_recipient(const struct amendment *a, const char *address)
{
    for (size_t i = 0; i < a->recipient_count; i++) {
        if (strcmp(a->recipients[i], address) == 0) {
            return true;
        }
    }
    return false;
}

/* Earlier grants stay unless the change says something of their principal. */
static rc merge_grants(struct arena *arena, const struct amendment *before,
                       const struct amendment *change, struct amendment *out, struct err *err)
{
    struct grant *grants =
        ARENA_ARRAY(arena, struct grant, before->grant_count + change->grant_count + 1);
    ARENA_ENSURE(grants, err);
    for (size_t i = 0; i < before->grant_count; i++) {
        const struct principal *p = &before->grants[i].principal;
        if (!amendment_names(change, p->kind, p->name)) {
            grants[out->grant_count++] = before->grants[i];
        }
    }
    for (size_t i = 0; i < change->grant_count; i++) {
        grants[out->grant_count++] = change->grants[i];
    }
    out->grants = grants;
    return OK;
}

static rc merge_recipients(struct arena *arena, const struct amendment *before,
                           const struct amendment *change, struct amendment *out, struct err *err)
{
    const char **all =
        ARENA_ARRAY(arena, const char *, before->recipient_count + change->recipient_count + 1);
    size_t count = 0;
    ARENA_ENSURE(all, err);
    for (size_t i = 0; i < before->recipient_count; i++) {
        if (!amendment_names(change, PRINCIPAL_USER, before->recipients[i])) {
            all[count++] = before->recipients[i];
        }
    }
    for (size_t i = 0; i < change->recipient_count; i++) {
        all[count++] = change->recipients[i];
    }
    out->recipient_count = texts_sort(all, count);
    out->recipients = all;
    return OK;
}

/* A removal stays until its principal is granted something or becomes a recipient again. */
static rc merge_removed(struct arena *arena, const struct amendment *before,
                        const struct amendment *change, struct amendment *out, struct err *err)
{
    struct principal *removed =
        ARENA_ARRAY(arena, struct principal, before->removed_count + change->removed_count + 1);
    ARENA_ENSURE(removed, err);
    for (size_t i = 0; i < before->removed_count; i++) {
        const struct principal *p = &before->removed[i];
        bool is_back = p->kind == PRINCIPAL_USER && adds_recipient(change, p->name);
        if (!is_back && !amendment_names(change, p->kind, p->name)) {
            removed[out->removed_count++] = *p;
        }
    }
    for (size_t i = 0; i < change->removed_count; i++) {
        removed[out->removed_count++] = change->removed[i];
    }
    out->removed = removed;
    return OK;
}

rc amendment_merge(struct arena *arena, const struct amendment *before,
                   const struct amendment *change, struct amendment *out, struct err *err)
{
    static const struct amendment none = {.is_valid = true};
    before = before == NULL ? &none : before;
    *out = (struct amendment){.version = before->version + 1,
                              .is_valid = before->is_valid && change->is_valid,
                              .problem = before->problem,
                              .changes_expiry = before->changes_expiry || change->changes_expiry};
    out->expires_at = change->changes_expiry ? change->expires_at : before->expires_at;
    TRY(merge_grants(arena, before, change, out, err));
    TRY(merge_recipients(arena, before, change, out, err));
    TRY(merge_removed(arena, before, change, out, err));
    ENSURE(out->grant_count + out->recipient_count + out->removed_count <= AMENDMENT_NAMES_MAX, err,
           R_LIMIT_EXCEEDED);
    return OK;
}
