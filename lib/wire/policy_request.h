/* SPDX-License-Identifier: Apache-2.0 */
/* What a publisher asks for, as a policy: of whoever protects without the authority, which reads the same
 * request by service/publishing/protect_policy.c. Pure; any thread. */
#pragma once

#include "base/arena.h"
#include "chancery/v1/publishing.pb-c.h"
#include "domain/values/policy.h"

/* Recipients, as they were given, who have the form of an address and can't be named. */
struct policy_refused {
    const char **items;
    size_t count;
};
/* Owner, policy and recipients, normalized; issuer and times are left. Borrows texts of the request.
 * R_INPUT_INVALID, and the detail says what is wrong; R_ARENA_EXHAUSTED. */
rc policy_request_read(struct arena *arena, const Chancery__V1__ProtectRequest *request,
                       struct policy *out, struct policy_refused *refused, struct err *err);
/* How many days after it is protected it ends; 0: not so. */
uint32_t policy_request_days(const Chancery__V1__ProtectRequest *request);
