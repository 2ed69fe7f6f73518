/* SPDX-License-Identifier: Apache-2.0 */
/* May this caller have a license for this content, and which? Pure: the same facts always give the
 * same decision. Questions 3 to 9 of the decision's order; who is calling (1) and whether the
 * publishing license is whole (2) are settled before. */
#pragma once

#include "base/err.h"
#include "domain/relations/gateway_purpose.h"
#include "domain/values/amendment.h"
#include "domain/values/boundary.h"
#include "domain/values/channel.h"
#include "domain/values/policy.h"
#include "domain/values/power.h"
#include "domain/values/subject.h"
#include "domain/values/tenant.h"

/* What the database says of the content, as of the last time it was asked. */
struct content_facts {
    bool is_revoked;                   /* for everybody */
    bool user_is_revoked;              /* for the subject's user, or for all who are outside */
    const struct amendment *amendment; /* NULL: none */
};

struct access_question {
    const struct platform_view *platform;
    const struct tenant_view *tenant; /* the content's */
    const struct policy *policy;
    struct content_id content;
    const struct subject *subject;
    const struct tenant_view *home; /* the tenant of the subject's user; NULL: of none */
    struct content_facts facts;
    struct unix_time now;
    bool by_grants_only; /* what the policy grants, whatever power there is over the content */
    bool needs_export;   /* to take the protection off, or to put another in its place */
    enum gateway_purpose purpose;
};

struct access_decision {
    enum reason reason;   /* R_NONE: granted */
    struct rights rights; /* when granted */
    enum channel channel;
    enum power
        power; /* used beyond the policy's grants: the caller's own, else what was lent to them */
    struct unix_time license_expires_at; /* when granted */
    struct unix_time content_expires_at; /* for this reader; 0: never */
    bool may_cache;
    bool frees_attachments;       /* may be kept unprotected, as the tenant says */
    int64_t policy_version;       /* of what decided: effective_policy_version */
    const char *portal_url;       /* with R_PORTAL_REQUIRED; may be "" */
    const char *referral_contact; /* with R_NO_RIGHTS; may be "" */
    const char *problem; /* with R_POLICY_INVALID: what can't be read, for our log; may be NULL */
};

enum {
    PORTAL_LICENSE_S = 10 * 60, /* a license for a portal: one reading */
    ONLINE_LICENSE_S =
        5 * 60, /* an online-only license: one opening; also to take protection off */
};

void decide_access(const struct access_question *question, struct access_decision *out);
