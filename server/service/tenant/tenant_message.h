/* SPDX-License-Identifier: Apache-2.0 */
/* A tenant from its row to its message. */
#pragma once

#include "chancery/v1/tenant.pb-c.h"
#include "service/common/scope.h"

enum { TENANT_DISPLAY_NAME_MAX = 128 };

/* The TXT record that proves a domain: its place before the domain, its text before the proof. */
#define DOMAIN_RECORD_LABEL "_chancery."
#define DOMAIN_RECORD_PREFIX "chancery-domain-verification="

struct domain_state {
    const char *name, *proof;
    bool is_verified;
};
step domain_write(struct call *c, struct domain_state domain, Chancery__V1__Domain **out);
step tenant_write(struct call *c, const struct tenant_row *row, Chancery__V1__Tenant **out);
/* What a tenant requires a second admin for, as bits of enum approval_operation. */
step tenant_read_two_person(struct call *c, const Chancery__V1__Tenant *from, uint32_t *out);
