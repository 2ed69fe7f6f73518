/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/decide/decide_amendment.h"

#include "base/texts.h"
#include "domain/values/boundary.h"

/* A person has what reaches them by any address: what they have by groups is nobody's to see here,
 * and stays with them. */
static void rights_by_name(const struct effective_policy *policy, const struct principal *principal,
                           const struct subject *person, struct rights *out)
{
    if (principal->kind == PRINCIPAL_USER) {
        effective_policy_rights(policy, person, out);
    } else {
        effective_policy_named_rights(policy, principal, out);
    }
}

static bool is_within(const struct amendment_question *q, const struct rights *before,
                      const struct rights *after)
{
    bool is_given_only_own = rights_are_within(after, before, q->own);
    bool is_taken = !rights_are_within(before, after, after);
    return is_given_only_own && (!is_taken || rights_are_within(before, q->own, q->own));
}

/* Who becomes a recipient may be a group. When it was removed before, that is forgotten, and what
 * the policy grants to it holds again (docs/policy.md §3.3). */
static bool gives_back_own(const struct amendment_question *q, const char *address)
{
    const struct amendment *sum = q->after->amendment;
    const struct principal group = {PRINCIPAL_GROUP, address};
    struct rights before, after;
    if (!texts_contain(sum->recipients, sum->recipient_count, address)) {
        return true;
    }
    effective_policy_grants_to(q->before, &group, &before);
    effective_policy_grants_to(q->after, &group, &after);
    return rights_are_within(&after, &before, q->own);
}

bool decide_amendment_name(const struct amendment_question *q, const struct principal *principal,
                           const char *const *addresses, size_t address_count)
{
    struct subject person = {.user = {.boundary = BOUNDARY_EXTERNAL, .tenant_name = ""}};
    struct rights before, after;
    for (size_t i = 0; i < address_count && i < SUBJECT_ADDRESSES_MAX; i++) {
        person.user.addresses[person.user.address_count++] = addresses[i];
    }
    rights_by_name(q->before, principal, &person, &before);
    rights_by_name(q->after, principal, &person, &after);
    return is_within(q, &before, &after) &&
           (principal->kind != PRINCIPAL_USER || gives_back_own(q, principal->name));
}

bool decide_amendment_expiry(const struct amendment_question *q)
{
    struct unix_time before = effective_policy_expiry(q->before),
                     after = effective_policy_expiry(q->after);
    return before.s == 0 || (after.s != 0 && after.s <= before.s);
}
