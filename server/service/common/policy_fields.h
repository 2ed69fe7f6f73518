/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of policies that protecting and templates have in common: read with all limits checked. */
#pragma once

#include "chancery/v1/common.pb-c.h"
#include "domain/values/policy.h"
#include "rpc/call.h"

enum { REFERRAL_CONTACT_MAX = 256 };

/* Grants as one value per principal. `field` names them in errors. */
step policy_read_grants(struct call *c, const char *field, Chancery__V1__Grant *const *grants,
                        size_t count, const struct grant **out, size_t *count_out);
/* Principals such as a scope or onboarding list: checked and in their stored form. */
step policy_read_principals(struct call *c, const char *field, char *const *texts, size_t count,
                            const char *const **out);
/* OFFLINE_DAYS_CAP, OFFLINE_DAYS_NONE or days. */
step policy_read_offline(struct call *c, const char *field, int access, uint32_t days, int *out);
/* A time in microseconds or a number of days; both 0: never. */
step policy_read_expiry(struct call *c, const char *field, const Chancery__V1__Expiry *expiry,
                        int64_t *at_us, int32_t *after_days);
