/* SPDX-License-Identifier: Apache-2.0 */
/* Whose tenant a gateway asks about: what the methods of this service begin with. */
#pragma once

#include "auth/facts.h"

/* The state of each begins with it. */
struct delivery_sender {
    const char *sender;                 /* normalized */
    const struct tenant_record *tenant; /* the gateway's own, else that of the sender's domain */
    struct lookup lookup;
};

static inline struct delivery_sender *delivery_sender_of(const struct call *c)
{
    return call_state(c);
}

/* The row that finds the tenant. R_COMPONENT_TENANT, R_COMPONENT_DOMAIN, R_WRONG_BOUNDARY. */
step delivery_sender_tenant(struct call *c);
/* Begin a record in the log of that tenant, when it is known and ours. */
struct gate_entry *delivery_sender_record(struct call *c);
