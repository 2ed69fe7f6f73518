/* SPDX-License-Identifier: Apache-2.0 */
/* What a publishing license holds sealed. A value. */
#pragma once

#include "domain/values/template.h"

enum {
    POLICY_GRANTS_MAX = 1000, /* principals over all grants */
    POLICY_RECIPIENTS_MAX = 1000,
    REFERRAL_CONTACT_MAX = 256, /* bytes */
    BRANDING_NAME_MAX = 64,     /* bytes */
};

/* Kinds by the numbers of chancery.internal.v1.PolicyKind. */
enum policy_kind {
    POLICY_TEMPLATE = 1,
    POLICY_DO_NOT_FORWARD = 2,
    POLICY_ENCRYPT_ONLY = 3,
    POLICY_CUSTOM = 4,
};

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
    const char *branding; /* whose limits hold for readers outside; "" or NULL: none */
};
