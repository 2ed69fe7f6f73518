/* SPDX-License-Identifier: Apache-2.0 */
/* How does content of a tenant reach a reader? Licenses and gateways are answered by the same
 * decision. Pure. */
#pragma once

#include "base/err.h"
#include "domain/values/boundary.h"
#include "domain/values/channel.h"
#include "domain/values/tenant.h"

struct delivery_question {
    const struct platform_view *platform;
    const struct tenant_view *tenant; /* the content's */
    struct reader reader;
    bool is_denied; /* relations/denial.h */
};

struct delivery_decision {
    enum reason reason;     /* R_NONE, R_BOUNDARY_BLOCKED or R_PARTNER_DENIED */
    enum channel channel;   /* CHANNEL_NONE when blocked */
    const char *portal_url; /* with CHANNEL_PORTAL; may be "" */
};

/* By the rule between their boundaries, where a partner exception makes `native` of `portal`. It
 * never lifts a `block`, which is the operator's word, nor a denial. */
void decide_delivery(const struct delivery_question *question, struct delivery_decision *out);
