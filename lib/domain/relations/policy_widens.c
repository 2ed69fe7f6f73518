/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/relations/policy_widens.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/texts.h"
#include "domain/values/address.h"

/* --- grants by principal ---------------------------------------------------------------------- */

/* Grants in order of their principals: there may be a thousand on either side. */
struct grant_index {
    const struct grant **sorted;
    size_t count;
};

static int compare_to(const struct principal *principal, const struct grant *grant)
{
    int kinds = (int)principal->kind - (int)grant->principal.kind;
    return kinds != 0 ? kinds : strcmp(principal->name, grant->principal.name);
}

static int compare_grants(const void *a, const void *b)
{
    return compare_to(&(*(const struct grant *const *)a)->principal,
                      *(const struct grant *const *)b);
}

static rc index_grants(struct arena *arena, const struct grant *grants, size_t count,
                       struct grant_index *out, struct err *err)
{
    *out = (struct grant_index){ARENA_ARRAY(arena, const struct grant *, count + 1), count};
    ARENA_ENSURE(out->sorted, err);
    for (size_t i = 0; i < count; i++) {
        out->sorted[i] = &grants[i];
    }
    if (count > 0) {
        qsort(out->sorted, count, sizeof(void *), compare_grants); /* an array of pointers */
    }
    return OK;
}

/* The first grant whose principal is not before this one. */
static size_t lower_bound(const struct grant_index *index, const struct principal *principal)
{
    size_t low = 0, high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_to(principal, index->sorted[middle]) > 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* --- what a principal surely has -------------------------------------------------------------- */

/* What one principal was given, by whatever name: standard rights, and of the custom rights that
 * are asked for those that were. */
struct holding {
    const struct rights *wanted;
    uint32_t bits;
    bool customs[RIGHTS_CUSTOM_MAX];
};

static void hold(struct holding *holding, const struct grant_index *index,
                 const struct principal *principal)
{
    for (size_t i = lower_bound(index, principal);
         i < index->count && compare_to(principal, index->sorted[i]) == 0; i++) {
        struct rights given = *index->sorted[i]->rights;
        rights_close(&given);
        holding->bits |= given.bits;
        for (size_t k = 0; k < holding->wanted->custom_count; k++) {
            holding->customs[k] |= rights_has_custom(&given, slice_str(holding->wanted->custom[k]));
        }
    }
}

/* OWNER is all rights, and all are those that the policy speaks of (docs/policy.md §1.2). */
static bool speaks_of(const struct grant_index *index, const char *custom)
{
    for (size_t i = 0; i < index->count; i++) {
        if (rights_has_custom(index->sorted[i]->rights, slice_str(custom))) {
            return true;
        }
    }
    return false;
}

/* Whoever a principal means is also meant by it under its own name, by the domain of its address,
 * and as somebody who has proven an address. */
static bool had_all(const struct grant_index *before, const struct grant *grant)
{
    const struct principal *principal = &grant->principal;
    struct rights wanted = *grant->rights;
    struct holding holding = {.wanted = &wanted};
    rights_close(&wanted);
    hold(&holding, before, principal);
    hold(&holding, before, &(struct principal){PRINCIPAL_AUTHENTICATED, ""});
    if (principal->kind == PRINCIPAL_USER) {
        hold(&holding, before,
             &(struct principal){PRINCIPAL_DOMAIN, address_domain(principal->name)});
    }
    bool is_owner = (holding.bits & RIGHT_OWNER) != 0;
    for (size_t i = 0; i < wanted.custom_count; i++) {
        if (!holding.customs[i] && !(is_owner && speaks_of(before, wanted.custom[i]))) {
            return false;
        }
    }
    return (wanted.bits & ~holding.bits) == 0;
}

static rc grants_widen(struct arena *arena, const struct grant *before, size_t before_count,
                       const struct grant *after, size_t after_count, bool *out, struct err *err)
{
    struct grant_index index;
    TRY(index_grants(arena, before, before_count, &index, err));
    *out = false;
    for (size_t i = 0; i < after_count && !*out; i++) {
        *out = !had_all(&index, &after[i]);
    }
    return OK;
}

/* --- policies --------------------------------------------------------------------------------- */

bool policy_expiry_is_later(const struct policy_expiry *before, const struct policy_expiry *after)
{
    bool was_never = before->at.s == 0 && before->after_days == 0;
    if (was_never) {
        return false;
    }
    if (before->after_days > 0 && after->after_days > 0) {
        return after->after_days > before->after_days;
    }
    return before->at.s == 0 || after->at.s == 0 || after->at.s > before->at.s;
}

static int offline_rank(int days)
{
    return days == OFFLINE_DAYS_CAP ? INT_MAX : days;
}

struct policy_terms policy_terms_of_template(const struct template_policy *template)
{
    return (struct policy_terms){
        .grants = template->grants,
        .grant_count = template->is_valid ? template->grant_count : 0,
        .expiry = {template->expires_at, template->expires_after_days},
        .offline_days = template->offline_days,
    };
}

rc policy_widens(struct arena *arena, const struct policy_terms *before,
                 const struct policy_terms *after, bool *out, struct err *err)
{
    TRY(grants_widen(arena, before->grants, before->grant_count, after->grants, after->grant_count,
                     out, err));
    bool lasts_longer = policy_expiry_is_later(&before->expiry, &after->expiry) ||
                        offline_rank(after->offline_days) > offline_rank(before->offline_days);
    *out = *out || (after->grant_count > 0 && lasts_longer);
    return OK;
}

/* --- amendments ------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    const struct principal *one = *(const struct principal *const *)a;
    const struct principal *other = *(const struct principal *const *)b;
    int kinds = (int)one->kind - (int)other->kind;
    return kinds != 0 ? kinds : strcmp(one->name, other->name);
}

/* Whom an amendment says something of, in order. */
struct name_index {
    const struct principal **sorted;
    size_t count;
};

static rc index_names(struct arena *arena, const struct amendment *amendment,
                      struct name_index *out, struct err *err)
{
    size_t most = amendment->grant_count + amendment->removed_count;
    *out = (struct name_index){ARENA_ARRAY(arena, const struct principal *, most + 1), 0};
    ARENA_ENSURE(out->sorted, err);
    for (size_t i = 0; i < amendment->grant_count; i++) {
        out->sorted[out->count++] = &amendment->grants[i].principal;
    }
    for (size_t i = 0; i < amendment->removed_count; i++) {
        const struct principal *p = &amendment->removed[i];
        bool is_back = p->kind == PRINCIPAL_USER &&
                       texts_contain(amendment->recipients, amendment->recipient_count, p->name);
        if (!is_back) {
            out->sorted[out->count++] = p;
        }
    }
    qsort(out->sorted, out->count, sizeof(void *), compare_names); /* an array of pointers */
    return OK;
}

static bool is_named(const struct name_index *names, const struct principal *principal)
{
    return bsearch(&principal, names->sorted, names->count, sizeof(void *), compare_names) != NULL;
}

/* Whoever is named no longer has again what is sealed. */
static rc forgets_somebody(struct arena *arena, const struct amendment *before,
                           const struct amendment *after, bool *out, struct err *err)
{
    struct name_index were, are;
    TRY(index_names(arena, before, &were, err));
    TRY(index_names(arena, after, &are, err));
    *out = false;
    for (size_t i = 0; i < were.count && !*out; i++) {
        *out = !is_named(&are, were.sorted[i]);
    }
    return OK;
}

/* --- the last word about people --------------------------------------------------------------- */

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* When people were granted something or removed last. Which addresses are one person's nobody knows
 * here, so whatever was said of people before that may be replaced. */
static int64_t last_word(const struct amendment *a)
{
    int64_t latest = 0;
    for (size_t i = 0; i < a->grant_count; i++) {
        if (a->grants[i].principal.kind == PRINCIPAL_USER) {
            latest = later(latest, amendment_version_of(a, a->grant_versions, i));
        }
    }
    for (size_t i = 0; i < a->removed_count; i++) {
        if (a->removed[i].kind == PRINCIPAL_USER) {
            latest = later(latest, amendment_version_of(a, a->removed_versions, i));
        }
    }
    return latest;
}

/* The grants to people that were said in this version or later; with `others` also all grants to
 * others than single people. */
static rc grants_since(struct arena *arena, const struct amendment *a, int64_t since, bool others,
                       struct grant **out, size_t *count, struct err *err)
{
    struct grant *grants = ARENA_ARRAY(arena, struct grant, a->grant_count + 1);
    ARENA_ENSURE(grants, err);
    *out = grants;
    *count = 0;
    for (size_t i = 0; i < a->grant_count; i++) {
        bool is_person = a->grants[i].principal.kind == PRINCIPAL_USER;
        if (is_person ? amendment_version_of(a, a->grant_versions, i) >= since : others) {
            grants[(*count)++] = a->grants[i];
        }
    }
    return OK;
}

/* Whether people are granted anew what the amendment before did not give them for certain. */
static rc grants_anew(struct arena *arena, const struct amendment *before,
                      const struct amendment *after, bool *out, struct err *err)
{
    struct grant *held, *said;
    size_t held_count, said_count;
    TRY(grants_since(arena, before, last_word(before), true, &held, &held_count, err));
    TRY(grants_since(arena, after, before->version + 1, false, &said, &said_count, err));
    return grants_widen(arena, held, held_count, said, said_count, out, err);
}

/* A recipient who is named as such again: was it one for certain? */
static bool was_recipient(const struct amendment *before, const char *address, int64_t version)
{
    const char *const *found = texts_find(before->recipients, before->recipient_count, address);
    if (found == NULL) {
        return false;
    }
    int64_t joined = amendment_version_of(before, before->recipient_versions,
                                          (size_t)(found - before->recipients));
    return version <= before->version || joined >= last_word(before);
}

static bool adds_recipient(const struct amendment *before, const struct amendment *after)
{
    for (size_t i = 0; i < after->recipient_count; i++) {
        int64_t version = amendment_version_of(after, after->recipient_versions, i);
        if (!was_recipient(before, after->recipients[i], version)) {
            return true;
        }
    }
    return false;
}

static bool lasts_longer(const struct amendment *before, const struct amendment *after,
                         const struct policy_expiry *expiry)
{
    const struct policy_expiry now = {.at = after->expires_at};
    const struct policy_expiry amended = {.at = before->expires_at};
    if (before->changes_expiry) {
        return !after->changes_expiry || policy_expiry_is_later(&amended, &now);
    }
    return after->changes_expiry && (expiry == NULL || policy_expiry_is_later(expiry, &now));
}

rc amendment_widens(struct arena *arena, const struct amendment *before,
                    const struct amendment *after, const struct policy_expiry *expiry, bool *out,
                    struct err *err)
{
    static const struct amendment none = {.is_valid = true};
    before = before == NULL ? &none : before;
    if (!after->is_valid || !before->is_valid) { /* it grants nothing; it did */
        *out = after->is_valid;
        return OK;
    }
    bool is_forgetful, is_anew;
    TRY(forgets_somebody(arena, before, after, &is_forgetful, err));
    TRY(grants_anew(arena, before, after, &is_anew, err));
    TRY(grants_widen(arena, before->grants, before->grant_count, after->grants, after->grant_count,
                     out, err));
    *out = *out || is_forgetful || is_anew || adds_recipient(before, after) ||
           lasts_longer(before, after, expiry);
    return OK;
}
