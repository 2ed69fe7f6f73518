/* SPDX-License-Identifier: Apache-2.0 */
/* A tenant and its domains between their messages and their rows. */
#pragma once

#include "chancery/v1/tenant.pb-c.h"
#include "service/common/resources.h"
#include "store/resource/tenant_store.h"

enum { TENANT_MEMORY = 1 << 20 /* to show one with as many domains as it may have */ };

/* Domain verification: the place of the TXT record before the domain, its text before the proof. */
#define DOMAIN_RECORD_LABEL "_chancery."
#define DOMAIN_RECORD_PREFIX "chancery-domain-verification="

struct domain_state {
    const char *name, *proof;
    bool is_verified;
};
/* Both NULL over budget. */
Chancery__V1__Domain *tenant_message_write_domain(struct call *c, struct domain_state domain);
Chancery__V1__Tenant *tenant_message_write(struct call *c, const struct tenant_row *row);
