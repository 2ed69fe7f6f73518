/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/amendment.h"

#include <stdlib.h>

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

/* --- merging ---------------------------------------------------------------------------------- */

/* A change, and its names in order: it and what was before may have a thousand each. */
struct indexed_change {
    const struct amendment *change;
    const struct principal **principals; /* that it grants something or removes */
    size_t principal_count;
    const char **recipients;
    size_t recipient_count;
};

static int compare_principals(const void *a, const void *b)
{
    const struct principal *one = *(const struct principal *const *)a;
    const struct principal *other = *(const struct principal *const *)b;
    int kinds = (int)one->kind - (int)other->kind;
    return kinds != 0 ? kinds : strcmp(one->name, other->name);
}

static rc index_change(struct arena *arena, const struct amendment *change,
                       struct indexed_change *out, struct err *err)
{
    *out = (struct indexed_change){
        .change = change,
        .principals = ARENA_ARRAY(arena, const struct principal *,
                                  change->grant_count + change->removed_count + 1),
        .recipients = ARENA_ARRAY(arena, const char *, change->recipient_count + 1),
    };
    ARENA_ENSURE(out->principals, err);
    ARENA_ENSURE(out->recipients, err);
    for (size_t i = 0; i < change->grant_count; i++) {
        out->principals[out->principal_count++] = &change->grants[i].principal;
    }
    for (size_t i = 0; i < change->removed_count; i++) {
        out->principals[out->principal_count++] = &change->removed[i];
    }
    for (size_t i = 0; i < change->recipient_count; i++) {
        out->recipients[i] = change->recipients[i];
    }
    qsort(out->principals, out->principal_count, sizeof(void *), compare_principals);
    out->recipient_count = texts_sort(out->recipients, change->recipient_count);
    return OK;
}

static bool change_names(const struct indexed_change *c, enum principal_kind kind, const char *name)
{
    const struct principal principal = {kind, name}, *key = &principal;
    return bsearch(&key, c->principals, c->principal_count, sizeof(void *), compare_principals) !=
           NULL;
}

static bool may_be_recipient(const struct principal *principal)
{
    return principal->kind == PRINCIPAL_USER || principal->kind == PRINCIPAL_GROUP;
}

/* A recipient is named by either form of principal: theirs may be a group's address. */
static bool change_names_recipient(const struct indexed_change *c, const char *address)
{
    return change_names(c, PRINCIPAL_USER, address) || change_names(c, PRINCIPAL_GROUP, address);
}

/* Earlier grants stay unless the change says something of their principal. */
static rc merge_grants(struct arena *arena, const struct amendment *before,
                       const struct indexed_change *c, struct amendment *out, struct err *err)
{
    struct grant *grants =
        ARENA_ARRAY(arena, struct grant, before->grant_count + c->change->grant_count + 1);
    ARENA_ENSURE(grants, err);
    for (size_t i = 0; i < before->grant_count; i++) {
        const struct principal *p = &before->grants[i].principal;
        if (!change_names(c, p->kind, p->name)) {
            grants[out->grant_count++] = before->grants[i];
        }
    }
    for (size_t i = 0; i < c->change->grant_count; i++) {
        grants[out->grant_count++] = c->change->grants[i];
    }
    out->grants = grants;
    return OK;
}

static rc merge_recipients(struct arena *arena, const struct amendment *before,
                           const struct indexed_change *c, struct amendment *out, struct err *err)
{
    const char **all =
        ARENA_ARRAY(arena, const char *, before->recipient_count + c->recipient_count + 1);
    size_t count = 0;
    ARENA_ENSURE(all, err);
    for (size_t i = 0; i < before->recipient_count; i++) {
        if (!change_names_recipient(c, before->recipients[i])) {
            all[count++] = before->recipients[i];
        }
    }
    for (size_t i = 0; i < c->recipient_count; i++) {
        all[count++] = c->recipients[i];
    }
    out->recipient_count = texts_sort(all, count);
    out->recipients = all;
    return OK;
}

/* A removal stays until its principal is granted something or becomes a recipient again. */
static rc merge_removed(struct arena *arena, const struct amendment *before,
                        const struct indexed_change *c, struct amendment *out, struct err *err)
{
    struct principal *removed =
        ARENA_ARRAY(arena, struct principal, before->removed_count + c->change->removed_count + 1);
    ARENA_ENSURE(removed, err);
    for (size_t i = 0; i < before->removed_count; i++) {
        const struct principal *p = &before->removed[i];
        bool is_back =
            may_be_recipient(p) && texts_contain(c->recipients, c->recipient_count, p->name);
        if (!is_back && !change_names(c, p->kind, p->name)) {
            removed[out->removed_count++] = *p;
        }
    }
    for (size_t i = 0; i < c->change->removed_count; i++) {
        removed[out->removed_count++] = c->change->removed[i];
    }
    out->removed = removed;
    return OK;
}

/* Whoever is removed doesn't become a recipient by the same change. */
static bool contradicts_itself(const struct indexed_change *c)
{
    for (size_t i = 0; i < c->change->removed_count; i++) {
        const struct principal *p = &c->change->removed[i];
        if (may_be_recipient(p) && texts_contain(c->recipients, c->recipient_count, p->name)) {
            return true;
        }
    }
    return false;
}

rc amendment_merge(struct arena *arena, const struct amendment *before,
                   const struct amendment *change, struct amendment *out, struct err *err)
{
    static const struct amendment none = {.is_valid = true};
    struct indexed_change indexed;
    before = before == NULL ? &none : before;
    *out = (struct amendment){.version = before->version + 1,
                              .is_valid = before->is_valid && change->is_valid,
                              .problem = before->problem,
                              .changes_expiry = before->changes_expiry || change->changes_expiry};
    out->expires_at = change->changes_expiry ? change->expires_at : before->expires_at;
    TRY(index_change(arena, change, &indexed, err));
    ENSURE(!contradicts_itself(&indexed), err, R_FIELD_INVALID);
    TRY(merge_grants(arena, before, &indexed, out, err));
    TRY(merge_recipients(arena, before, &indexed, out, err));
    TRY(merge_removed(arena, before, &indexed, out, err));
    struct rights custom = {0};
    ENSURE(out->grant_count + out->recipient_count + out->removed_count <= AMENDMENT_NAMES_MAX, err,
           R_LIMIT_EXCEEDED);
    ENSURE(grants_add_custom(out->grants, out->grant_count, &custom), err, R_LIMIT_EXCEEDED);
    return OK;
}
