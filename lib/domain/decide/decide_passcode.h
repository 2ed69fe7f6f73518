/* SPDX-License-Identifier: Apache-2.0 */
/* Is a one-time passcode mailed to this address, for this content (docs/policy.md §9)? Pure. */
#pragma once

#include "domain/decide/decide_access.h"

struct passcode_question {
    const struct platform_view *platform;
    const struct tenant_view *tenant; /* the content's */
    const struct policy *policy;
    struct content_id content;
    const struct subject *portal; /* who asks: a component alone */
    const char *address;          /* for whom; normalized */
    struct content_facts facts;
    bool is_domain_of_tenant; /* some tenant has verified the address's domain */
    struct unix_time now;
};

struct passcode_decision {
    /* Why there is no passcode for anybody of that domain; R_NONE: there may be. It says nothing of whether
     * the content was sent to the address, so everybody may hear it. */
    enum reason reason;
    bool is_mailed;         /* the address is one that gets a code; told to nobody but the log */
    const char *portal_url; /* with R_PORTAL_REQUIRED; may be "" */
};

void decide_passcode(const struct passcode_question *question, struct passcode_decision *out);
