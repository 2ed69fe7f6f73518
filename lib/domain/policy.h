/* SPDX-License-Identifier: Apache-2.0 */
/* Policies as values: grants of templates, and what a publishing license holds sealed. Pure. */
#pragma once

#include "base/clock.h"
#include "domain/principal.h"
#include "domain/rights.h"

enum {
    POLICY_GRANTS_MAX = 1000, /* principals over all grants */
    POLICY_RECIPIENTS_MAX = 1000,
    OFFLINE_DAYS_CAP = -1, /* as long as the tenant's cap allows */
    OFFLINE_DAYS_NONE = 0, /* online only */
    OFFLINE_DAYS_MAX = 9999,
    EXPIRY_DAYS_MAX = 36500,
};

/* Kinds by the numbers of chancery.internal.v1.PolicyKind. */
enum policy_kind {
    POLICY_TEMPLATE = 1,
    POLICY_DO_NOT_FORWARD = 2,
    POLICY_ENCRYPT_ONLY = 3,
    POLICY_CUSTOM = 4,
};

/* One principal and what he may do. Grants with the same rights share them: there may be a thousand. */
struct grant {
    struct principal principal;
    const struct rights *rights;
};

/* A template as it is now. Immutable; its view owns it. */
struct template_policy {
    struct template_id id;
    int64_t version; /* raised by every change */
    bool is_archived;
    bool is_valid; /* false: a stored principal or right can't be read, so it grants nothing */
    const char *problem; /* that principal or list of rights; NULL when valid */
    const struct grant *grants;
    size_t grant_count;
    const struct principal *scope; /* who may choose it; none: every member */
    size_t scope_count;
    struct unix_time expires_at; /* 0: not on a date */
    int64_t expires_after_days;  /* 0: not after days */
    int offline_days;            /* OFFLINE_DAYS_CAP, OFFLINE_DAYS_NONE or days */
    const char *referral_contact;
};

/* What is sealed in a publishing license. */
struct policy {
    enum policy_kind kind;
    struct template_id template_id; /* with POLICY_TEMPLATE */
    const struct grant *grants;     /* with POLICY_CUSTOM */
    size_t grant_count;
    const char *owner;             /* normalized address */
    const char *issuer;            /* normalized address of who protected, or a component's id */
    const char *const *recipients; /* normalized, sorted by strcmp, each once */
    size_t recipient_count;
    struct unix_time protected_at;
    struct unix_time expires_at; /* 0: never, or as the template says */
    int offline_days;            /* of ad-hoc policies */
    const char *referral_contact;
};

struct amendment;

/* A policy as it holds now: what was sealed, the current state of its template (NULL when there is none),
 * and what was changed since (NULL: nothing). */
struct policy_now {
    const struct policy *policy;
    const struct template_policy *template;
    const struct amendment *amendment;
};

/* The rights that a policy grants the subject's user, closed under implication. Powers are not counted
 * here. */
void policy_rights(const struct policy_now *now, const struct subject *subject, struct rights *out);
/* When the content expires; 0: never. */
struct unix_time policy_expiry(const struct policy_now *now);
/* Whether a group is among the principals, so that the user's groups matter. */
bool policy_names_groups(const struct policy_now *now);
/* Sort recipients in place and drop repetitions; the new count. */
size_t policy_sort_recipients(const char **recipients, size_t count);
