/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of policies that protecting and templates have in common: read with all limits
 * checked. */
#pragma once

#include "chancery/v1/common.pb-c.h"
#include "domain/values/policy.h"
#include "rpc/call.h"

/* Grants, one value for each principal: begun, then read principal by principal, over several turns
 * of the loop if need be. */
struct policy_fields_grants {
    const char *field; /* names them in errors */
    struct grant *grants;
    size_t count; /* of principals in all grants */
    /* What is read next. */
    Chancery__V1__Grant *const *from;
    size_t at_grant, at_principal;
    struct rights *rights; /* of the grant at which it is */
    struct rights all;     /* of those before, to count the policy's custom rights */
};
step policy_fields_begin_grants(struct call *c, const char *field,
                                Chancery__V1__Grant *const *grants, size_t count,
                                struct policy_fields_grants *reading);
/* Read the next principal, the `index`th. */
step policy_fields_read_grant(struct call *c, struct policy_fields_grants *reading, size_t index);
/* One principal of a list such as a scope or onboarding: checked and in its stored form. */
step policy_fields_read_principal(struct call *c, const char *field, size_t index, const char *text,
                                  const char **out);
/* OFFLINE_DAYS_CAP, OFFLINE_DAYS_NONE or days. */
step policy_fields_read_offline(struct call *c, const char *field, int access, uint32_t days,
                                int *out);
/* A time in microseconds or a number of days; both 0: never. */
step policy_fields_read_expiry(struct call *c, const char *field,
                               const Chancery__V1__Expiry *expiry, int64_t *at_us,
                               int32_t *after_days);
