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

/* The policy, and what is asked of it: one person's rights. */
struct inquiry {
    const struct effective_policy *now;
    const struct subject *subject;
    struct amendment_word word; /* about the person */
};

static bool is_sealed_recipient(const struct policy *policy, const struct subject_user *user)
{
    for (size_t i = 0; i < user->address_count; i++) {
        if (texts_contain(policy->recipients, policy->recipient_count, user->addresses[i])) {
            return true;
        }
    }
    return false;
}

/* A recipient whom an amendment names has what the amendment says, and not what recipients have. */
static bool is_recipient(const struct inquiry *q)
{
    return q->word.is_recipient ||
           (!q->word.replaces && is_sealed_recipient(q->now->policy, &q->subject->user));
}

static bool reaches(const struct inquiry *q, const struct principal *principal)
{
    if (principal->kind == PRINCIPAL_RECIPIENTS) {
        return is_recipient(q);
    }
    if (principal->kind == PRINCIPAL_OWNER) {
        return content_power_is_owner(q->now->tenant, q->now->policy->owner, q->subject);
    }
    return membership_matches(principal, q->subject);
}

/* Whether the amendment has taken the place of what the policy says of a principal that reaches the
 * person. */
static bool is_replaced(const struct inquiry *q, const struct principal *principal)
{
    return principal->kind == PRINCIPAL_USER
               ? q->word.replaces
               : amendment_names(q->now->amendment, principal->kind, principal->name);
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
    const struct inquiry q = {
        .now = now, .subject = subject, .word = amendment_word_of(amendment, &subject->user)};
    for (size_t i = 0; i < list.count; i++) {
        const struct principal *principal = &list.grants[i].principal;
        if (reaches(&q, principal) && !is_replaced(&q, principal)) {
            rights_add(out, list.grants[i].rights);
        }
    }
    for (size_t i = 0; amendment != NULL && i < amendment->grant_count; i++) {
        if (reaches(&q, &amendment->grants[i].principal) &&
            amendment_grant_counts(amendment, i, &q.word)) {
            rights_add(out, amendment->grants[i].rights);
        }
    }
    rights_close(out);
}

static void add_named(const struct grant *grants, size_t count, const struct principal *principal,
                      struct rights *out)
{
    for (size_t i = 0; i < count; i++) {
        if (grants[i].principal.kind == principal->kind &&
            strcmp(grants[i].principal.name, principal->name) == 0) {
            rights_add(out, grants[i].rights);
        }
    }
}

void effective_policy_named_rights(const struct effective_policy *now,
                                   const struct principal *principal, struct rights *out)
{
    struct grant_list list = grants_of(now->policy, now->template);
    const struct amendment *amendment = now->amendment;
    *out = (struct rights){0};
    if (amendment != NULL && !amendment->is_valid) {
        return;
    }
    if (!amendment_names(amendment, principal->kind, principal->name)) {
        add_named(list.grants, list.count, principal, out);
    }
    if (amendment != NULL) {
        add_named(amendment->grants, amendment->grant_count, principal, out);
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
