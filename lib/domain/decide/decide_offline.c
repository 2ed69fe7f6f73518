/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/decide/decide_offline.h"

#include <string.h>

#include "domain/values/address.h"

static bool is_among(const char *text, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(texts[i], text) == 0) {
            return true;
        }
    }
    return false;
}

/* A certificate is for days, and a clock may be wrong by minutes. */
static bool is_in_its_days(const struct offline_question *q)
{
    int64_t at = q->policy->protected_at.s;
    return at >= q->publisher->issued_at.s - PUBLISHER_SKEW_S && at < q->publisher->expires_at.s &&
           at <= q->now.s + PUBLISHER_SKEW_S;
}

static bool owner_is_theirs(const struct publisher *p, const char *owner)
{
    return p->address_count > 0 ? is_among(owner, p->addresses, p->address_count)
                                : is_among(address_domain(owner), p->domains, p->domain_count);
}

static bool names_template(const struct publisher *p, struct template_id id)
{
    bool found = p->has_any_template;
    for (size_t i = 0; !found && i < p->template_count; i++) {
        found = ID_EQ(p->templates[i], id);
    }
    return found;
}

/* protected_at is within a certificate's days by then, so nothing overflows. */
static bool end_is_sound(const struct policy *policy)
{
    int64_t begin = policy->protected_at.s, end = policy->expires_at.s;
    return end == 0 || (policy->kind == POLICY_CUSTOM && end > begin &&
                        end <= begin + (int64_t)EXPIRY_DAYS_MAX * 24 * 60 * 60);
}

enum reason decide_offline(const struct offline_question *q)
{
    const struct publisher *p = q->publisher;
    const struct policy *policy = q->policy;
    if (!is_in_its_days(q)) {
        return R_PUBLISHER_EXPIRED;
    }
    bool may = (p->kinds & 1U << policy->kind) != 0 && strcmp(policy->issuer, p->name) == 0 &&
               owner_is_theirs(p, policy->owner) && end_is_sound(policy) &&
               (policy->kind != POLICY_TEMPLATE || names_template(p, policy->template_id));
    return may ? R_NONE : R_PUBLISHER_EXCEEDED;
}
