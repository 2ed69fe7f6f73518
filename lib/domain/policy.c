/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/policy.h"

#include <stdlib.h>

enum { DAY_S = 24 * 60 * 60 };

/* What the two ad-hoc kinds without grants of their own mean (3-policy: Policies). */
static const struct grant do_not_forward = {{PRINCIPAL_RECIPIENTS, ""},
                                            {.bits = RIGHTS_DO_NOT_FORWARD}};
static const struct grant encrypt_only = {{PRINCIPAL_RECIPIENTS, ""},
                                          {.bits = RIGHTS_ENCRYPT_ONLY}};

struct grant_list {
    const struct grant *grants;
    size_t count;
};

static struct grant_list grants_of(const struct policy *policy,
                                   const struct template_policy *template)
{
    switch (policy->kind) {
    case POLICY_TEMPLATE:
        return template == NULL || !template->is_valid
                   ? (struct grant_list){NULL, 0}
                   : (struct grant_list){template->grants, template->grant_count};
    case POLICY_DO_NOT_FORWARD:
        return (struct grant_list){&do_not_forward, 1};
    case POLICY_ENCRYPT_ONLY:
        return (struct grant_list){&encrypt_only, 1};
    case POLICY_CUSTOM:
        return (struct grant_list){policy->grants, policy->grant_count};
    }
    return (struct grant_list){NULL, 0};
}

void policy_rights(const struct policy *policy, const struct template_policy *template,
                   const struct subject *subject, struct rights *out)
{
    struct principal_context context = {policy->owner, policy->recipients, policy->recipient_count};
    struct grant_list list = grants_of(policy, template);
    *out = (struct rights){0};
    for (size_t i = 0; i < list.count; i++) {
        if (principal_matches(&list.grants[i].principal, &context, subject)) {
            rights_add(out, &list.grants[i].rights);
        }
    }
    rights_close(out);
}

struct unix_time policy_expiry(const struct policy *policy, const struct template_policy *template)
{
    if (policy->kind != POLICY_TEMPLATE) {
        return policy->expires_at;
    }
    if (template == NULL) {
        return (struct unix_time){0};
    }
    if (template->expires_after_days > 0) {
        return (struct unix_time){policy->protected_at.s + template->expires_after_days * DAY_S};
    }
    return template->expires_at;
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t policy_sort_recipients(const char **recipients, size_t count)
{
    size_t kept = 0;
    if (count == 0) {
        return 0;
    }
    qsort(recipients, count, sizeof recipients[0], compare_text);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || strcmp(recipients[kept - 1], recipients[i]) != 0) {
            recipients[kept++] = recipients[i];
        }
    }
    return kept;
}
