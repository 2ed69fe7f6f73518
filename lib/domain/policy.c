/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/policy.h"

#include <stdlib.h>

#include "domain/amendment.h"

enum { DAY_S = 24 * 60 * 60 };

/* What the two ad-hoc kinds without grants of their own mean (3-policy: Policies). */
static const struct grant do_not_forward = {{PRINCIPAL_RECIPIENTS, ""},
                                            &(const struct rights){.bits = RIGHTS_DO_NOT_FORWARD}};
static const struct grant encrypt_only = {{PRINCIPAL_RECIPIENTS, ""},
                                          &(const struct rights){.bits = RIGHTS_ENCRYPT_ONLY}};

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

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool text_is_among(const char *text, const char *const *sorted, size_t count)
{
    return count > 0 && bsearch(&text, sorted, count, sizeof sorted[0], compare_text) != NULL;
}

/* A recipient whom an amendment names has what the amendment says, and not what recipients have. */
static bool is_recipient(const struct policy_now *now, const struct subject *subject)
{
    const struct policy *policy = now->policy;
    const struct amendment *amendment = now->amendment;
    const struct subject_user *user = &subject->user;
    for (size_t i = 0; i < user->address_count; i++) {
        const char *address = user->addresses[i];
        if (text_is_among(address, policy->recipients, policy->recipient_count) &&
            !amendment_names(amendment, PRINCIPAL_USER, address)) {
            return true;
        }
        if (amendment != NULL &&
            text_is_among(address, amendment->recipients, amendment->recipient_count)) {
            return true;
        }
    }
    return false;
}

static bool reaches(const struct policy_now *now, const struct principal *principal,
                    const struct subject *subject)
{
    if (principal->kind == PRINCIPAL_RECIPIENTS) {
        return is_recipient(now, subject);
    }
    return principal_matches(principal, now->policy->owner, subject);
}

void policy_rights(const struct policy_now *now, const struct subject *subject, struct rights *out)
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

bool policy_names_groups(const struct policy_now *now)
{
    struct grant_list list = grants_of(now->policy, now->template);
    const struct amendment *amendment = now->amendment;
    return grants_name_groups(list.grants, list.count) ||
           (amendment != NULL && grants_name_groups(amendment->grants, amendment->grant_count));
}

struct unix_time policy_expiry(const struct policy_now *now)
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
