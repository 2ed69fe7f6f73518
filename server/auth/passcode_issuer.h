/* SPDX-License-Identifier: Apache-2.0 */
/* The issuer of one-time passcodes' tokens: a tenant of ours, with its own signing keys. It is registered nowhere; its
 * row is made of what the worker remembers of the tenant, so nothing is asked of the database for it. */
#pragma once

#include "auth/caller.h"

/* The issuer of a tenant's passcodes, if `iss` is exactly that one at this authority; lives in the call's arena. NULL:
 * it is another one, or call_err says why it can't be made. After facts_need_platform. */
const struct issuer *passcode_issuer_of(struct call *c, const char *iss,
                                        const struct tenant_record *tenant);
/* Whether an `iss` might be one of ours: it begins with an address of this authority. After facts_need_platform. */
bool passcode_issuer_may_be(struct call *c, const char *iss, struct tenant_id *tenant);
