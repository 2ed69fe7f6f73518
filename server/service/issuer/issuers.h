/* SPDX-License-Identifier: Apache-2.0 */
/* What the flows on issuers share: their state, the one operation, reading a row, replying with it. */
#pragma once

#include "service/common/page.h"
#include "service/common/resources.h"
#include "service/common/scope.h"
#include "store/resource/issuer_store.h"

struct issuers {
    struct scope scope; /* first */
    struct issuer_op op;
    struct issuer_row row;
    struct issuer_id id, after;
    const void *message; /* of a request that sets fields */
    struct resource_reading fields;
    const char *value; /* of a tenant claim */
    struct page page;
};

static inline struct issuers *issuers_of(const struct call *c)
{
    return call_state(c);
}

/* Prepare the operation in a scope; submit it by a function of store/resource/issuer_store.h, then wait for it. */
struct issuer_op *issuers_begin(struct call *c, struct tenant_id scope);
step issuers_wait(struct call *c);
/* Step: read the issuer with the state's id in the admin's scope into the state's row; R_NOT_FOUND. */
step issuers_read(struct call *c);
/* The same among the platform's issuers. */
step issuers_read_platforms(struct call *c);
/* Step: take the state's fields over from its message into its row. */
step issuers_read_fields(struct call *c);
/* Step: answer with the state's row. */
step issuers_reply(struct call *c);
