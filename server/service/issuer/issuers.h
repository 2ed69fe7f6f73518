/* SPDX-License-Identifier: Apache-2.0 */
/* What the flows that read issuers share: their state, the one operation, reading a row. */
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
    const char *value; /* of a tenant claim */
    struct page page;
};

static inline struct issuers *issuers_of(const struct call *c)
{
    return call_state(c);
}

/* Prepare the operation in a scope; submit it by a function of store/resource/issuer_store.h, then
 * wait for it. */
struct issuer_op *issuers_begin(struct call *c, struct tenant_id scope);
step issuers_wait(struct call *c);
/* Step: read the issuer with the state's id among the platform's into the state's row;
 * R_NOT_FOUND. */
step issuers_read_platforms(struct call *c);
