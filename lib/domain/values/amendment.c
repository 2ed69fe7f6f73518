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

/* --- one person ------------------------------------------------------------------------------- */

int64_t amendment_version_of(const struct amendment *a, const int64_t *versions, size_t index)
{
    return versions == NULL ? a->version : versions[index];
}

enum { NEVER = -1 }; /* was it said */

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static bool is_among(const char *const *addresses, size_t count, const struct principal *principal)
{
    for (size_t i = 0; principal->kind == PRINCIPAL_USER && i < count; i++) {
        /* The first byte settles most comparisons: a policy may name a thousand people. */
        if (addresses[i][0] == principal->name[0] && strcmp(addresses[i], principal->name) == 0) {
            return true;
        }
    }
    return false;
}

static int64_t latest_grant(const struct amendment *a, const char *const *addresses, size_t count)
{
    int64_t latest = NEVER;
    for (size_t i = 0; i < a->grant_count; i++) {
        int64_t version = amendment_version_of(a, a->grant_versions, i);
        if (version > latest && is_among(addresses, count, &a->grants[i].principal)) {
            latest = version;
        }
    }
    return latest;
}

static int64_t latest_removal(const struct amendment *a, const char *const *addresses, size_t count)
{
    int64_t latest = NEVER;
    for (size_t i = 0; i < a->removed_count; i++) {
        int64_t version = amendment_version_of(a, a->removed_versions, i);
        if (version > latest && is_among(addresses, count, &a->removed[i])) {
            latest = version;
        }
    }
    return latest;
}

static int64_t joining_of(const struct amendment *a, const char *address)
{
    const char *const *found = texts_find(a->recipients, a->recipient_count, address);
    return found == NULL
               ? NEVER
               : amendment_version_of(a, a->recipient_versions, (size_t)(found - a->recipients));
}

static int64_t latest_joining(const struct amendment *a, const char *const *addresses, size_t count)
{
    int64_t latest = NEVER;
    for (size_t i = 0; i < count; i++) {
        latest = later(latest, joining_of(a, addresses[i]));
    }
    return latest;
}

/* A removal is forgotten by whoever joins by the address that was removed. By another one they are a
 * recipient like others: whose it is, those who amend may not know. */
static bool is_still_removed(const struct amendment *a, const char *const *addresses, size_t count)
{
    for (size_t i = 0; i < a->removed_count; i++) {
        const struct principal *p = &a->removed[i];
        if (is_among(addresses, count, p) &&
            joining_of(a, p->name) < amendment_version_of(a, a->removed_versions, i)) {
            return true;
        }
    }
    return false;
}

/* Within one change a grant counts more than a removal, for the grants that match add up; and who
 * joins is no longer removed. */
struct amendment_word amendment_word_of(const struct amendment *a, const char *const *addresses,
                                        size_t count)
{
    if (a == NULL) {
        return (struct amendment_word){.grant_version = NEVER};
    }
    int64_t granted = latest_grant(a, addresses, count),
            removed = latest_removal(a, addresses, count),
            joined = latest_joining(a, addresses, count);
    bool is_granted = granted != NEVER && granted >= removed;
    return (struct amendment_word){
        .replaces = is_granted || removed > joined,
        .replaces_grants = is_granted || is_still_removed(a, addresses, count),
        .is_recipient = joined != NEVER && joined >= granted && joined >= removed,
        .grant_version = is_granted ? granted : NEVER,
    };
}

bool amendment_grant_counts(const struct amendment *amendment, size_t grant,
                            const struct amendment_word *word)
{
    return amendment->grants[grant].principal.kind != PRINCIPAL_USER ||
           amendment_version_of(amendment, amendment->grant_versions, grant) == word->grant_version;
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
    size_t most = before->grant_count + c->change->grant_count + 1;
    struct grant *grants = ARENA_ARRAY(arena, struct grant, most);
    int64_t *versions = ARENA_ARRAY(arena, int64_t, most);
    ARENA_ENSURE(grants, err);
    ARENA_ENSURE(versions, err);
    for (size_t i = 0; i < before->grant_count; i++) {
        const struct principal *p = &before->grants[i].principal;
        if (!change_names(c, p->kind, p->name)) {
            versions[out->grant_count] = amendment_version_of(before, before->grant_versions, i);
            grants[out->grant_count++] = before->grants[i];
        }
    }
    for (size_t i = 0; i < c->change->grant_count; i++) {
        versions[out->grant_count] = out->version;
        grants[out->grant_count++] = c->change->grants[i];
    }
    out->grants = grants;
    out->grant_versions = versions;
    return OK;
}

/* Both lists are sorted, and so is what comes of them. */
static rc merge_recipients(struct arena *arena, const struct amendment *before,
                           const struct indexed_change *c, struct amendment *out, struct err *err)
{
    size_t most = before->recipient_count + c->recipient_count + 1, old = 0, new = 0;
    const char **all = ARENA_ARRAY(arena, const char *, most);
    int64_t *versions = ARENA_ARRAY(arena, int64_t, most);
    ARENA_ENSURE(all, err);
    ARENA_ENSURE(versions, err);
    while (old < before->recipient_count || new < c->recipient_count) {
        int order = old == before->recipient_count ? 1
                    : new == c->recipient_count
                        ? -1
                        : strcmp(before->recipients[old], c->recipients[new]);
        if (order < 0 && change_names_recipient(c, before->recipients[old])) {
            old++;
            continue;
        }
        versions[out->recipient_count] =
            order < 0 ? amendment_version_of(before, before->recipient_versions, old)
                      : out->version;
        all[out->recipient_count++] = order < 0 ? before->recipients[old] : c->recipients[new];
        old += order <= 0;
        new += order >= 0;
    }
    out->recipients = all;
    out->recipient_versions = versions;
    return OK;
}

/* A removal stays until its principal is granted something or becomes a recipient again. That of a
 * person stays even then, with the version in which they joined behind it, because what was granted
 * before, by another of their addresses, stays taken away. */
static rc merge_removed(struct arena *arena, const struct amendment *before,
                        const struct indexed_change *c, struct amendment *out, struct err *err)
{
    size_t most = before->removed_count + c->change->removed_count + 1;
    struct principal *removed = ARENA_ARRAY(arena, struct principal, most);
    int64_t *versions = ARENA_ARRAY(arena, int64_t, most);
    ARENA_ENSURE(removed, err);
    ARENA_ENSURE(versions, err);
    for (size_t i = 0; i < before->removed_count; i++) {
        const struct principal *p = &before->removed[i];
        bool is_back =
            p->kind == PRINCIPAL_GROUP && texts_contain(c->recipients, c->recipient_count, p->name);
        if (!is_back && !change_names(c, p->kind, p->name)) {
            versions[out->removed_count] =
                amendment_version_of(before, before->removed_versions, i);
            removed[out->removed_count++] = *p;
        }
    }
    for (size_t i = 0; i < c->change->removed_count; i++) {
        versions[out->removed_count] = out->version;
        removed[out->removed_count++] = c->change->removed[i];
    }
    out->removed = removed;
    out->removed_versions = versions;
    return OK;
}

/* Who was removed and became a recipient again is one name. */
static size_t count_names(const struct amendment *a)
{
    size_t count = a->grant_count + a->recipient_count;
    for (size_t i = 0; i < a->removed_count; i++) {
        const struct principal *p = &a->removed[i];
        count +=
            p->kind != PRINCIPAL_USER || !texts_contain(a->recipients, a->recipient_count, p->name);
    }
    return count;
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
    ENSURE(count_names(out) <= AMENDMENT_NAMES_MAX, err, R_LIMIT_EXCEEDED);
    ENSURE(grants_add_custom(out->grants, out->grant_count, &custom), err, R_LIMIT_EXCEEDED);
    return OK;
}
