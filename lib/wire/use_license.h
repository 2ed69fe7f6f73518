/* SPDX-License-Identifier: Apache-2.0 */
/* The claims of a use license (RFC 7519), as JSON: all but `cid`, `cnf` and `key`, which only
 * the custodian adds. docs/formats.md §7 describes them. Pure; any thread. */
#pragma once

#include "base/ids.h"
#include "domain/decide/decide_access.h"

struct use_license {
    const char *authority_url; /* with the tenant: iss (license_issuer.h) */
    struct event_id id;        /* jti: also the audit record of the decision */
    const char *principal;     /* sub: the user's address, or the component's id */
    struct tenant_id tenant;
    const char *boundary;
    struct template_id template; /* zero: none, left out */
    const char *owner;
    struct unix_time now;
    const struct access_decision *decision;
};

/* Write the claims, compact, members sorted. */
rc use_license_claims(struct arena *arena, const struct use_license *license, struct slice *out,
                      struct err *err);
