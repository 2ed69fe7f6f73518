/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/relations/effective_policy.h"

#include "base/texts.h"
#include "domain/relations/content_power.h"
#include "domain/relations/membership.h"

enum { DAY_S = 24 * 60 * 60 };

/* What the two ad-hoc kinds without grants of their own mean (docs/policy.md, Policies). */
static const struct grant do_not_forward = {
    .principal = {PRINCIPAL_RECIPIENTS, ""},
    .rights = &(const struct rights){.bits = RIGHTS_DO_NOT_FORWARD},
};
static const struct grant encrypt_only = {
    .principal = {PRINCIPAL_RECIPIENTS, ""},
    .rights = &(const struct rights){.bits = RIGHTS_ENCRYPT_ONLY},
};

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

/* A recipient whom an amendment names has what the amendment says, and not what recipients have. */
static bool is_recipient(const struct effective_policy *now, const struct subject *subject)
{
    const struct policy *policy = now->policy;
    const struct amendment *amendment = now->amendment;
    const struct subject_user *user = &subject->user;
    for (size_t i = 0; i < user->address_count; i++) {
        const char *address = user->addresses[i];
        if (texts_contain(policy->recipients, policy->recipient_count, address) &&
            !amendment_names(amendment, PRINCIPAL_USER, address)) {
            return true;
        }
        if (amendment != NULL &&
            texts_contain(amendment->recipients, amendment->recipient_count, address)) {
            return true;
        }
    }
    return false;
}

static bool reaches(const struct effective_policy *now, const struct principal *principal,
                    const struct subject *subject)
{
    if (principal->kind == PRINCIPAL_RECIPIENTS) {
        return is_recipient(now, subject);
    }
    if (principal->kind == PRINCIPAL_OWNER) {
        return content_power_is_owner(now->tenant, now->policy->owner, subject);
    }
    return membership_matches(principal, subject);
}

void effective_policy_rights(const struct effective_policy *now, const struct subject *subject,
                             struct rights *out)
{
    struct grant_list list = grants_of(now->policy, now->template);
    const struct amendment *amendment = now->amendment;
    *out = (struct rights){0};
    if (!subject_has_user(subject) || (amendment != NULL && !amendment->is_valid)) {
        return;
    }
    for (size_t i = 0; i < list.count; i++) {
        const struct principal *principal = &list.grants[i].principal;
        if (reaches(now, principal, subject) &&
            !amendment_names(amendment, principal->kind, principal->name)) {
            rights_add(out, list.grants[i].rights);
        }
    }
    for (size_t i = 0; amendment != NULL && i < amendment->grant_count; i++) {
        if (reaches(now, &amendment->grants[i].principal, subject)) {
            rights_add(out, amendment->grants[i].rights);
        }
    }
    rights_close(out);
}

static bool grants_name_groups(const struct grant *grants, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (grants[i].principal.kind == PRINCIPAL_GROUP) {
            return true;
        }
    }
    return false;
}

bool effective_policy_names_groups(const struct effective_policy *now)
{
    struct grant_list list = grants_of(now->policy, now->template);
    const struct amendment *amendment = now->amendment;
    return grants_name_groups(list.grants, list.count) ||
           (amendment != NULL && grants_name_groups(amendment->grants, amendment->grant_count));
}

struct unix_time effective_policy_expiry(const struct effective_policy *now)
{
    const struct template_policy *template = now->template;
    if (now->amendment != NULL && now->amendment->changes_expiry) {
        return now->amendment->expires_at;
    }
    if (now->policy->kind != POLICY_TEMPLATE) {
        return now->policy->expires_at;
    }
    if (template == NULL) {
        return (struct unix_time){0};
    }
    if (template->expires_after_days > 0) {
        return (struct unix_time){now->policy->protected_at.s +
                                  template->expires_after_days * DAY_S};
    }
    return template->expires_at;
}
