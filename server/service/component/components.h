/* SPDX-License-Identifier: Apache-2.0 */
/* What the flows of ComponentService share: their state, the one operation, reading a row. */
#pragma once

#include "service/common/page.h"
#include "service/common/scope.h"
#include "store/resource/component_store.h"

struct components {
    struct scope scope; /* first */
    struct component_record record;
    struct component_op op;
    const char *etag; /* of the request */
    struct component_id id, after;
    struct page page;
};

static inline struct components *components_of(const struct call *c)
{
    return call_state(c);
}

/* Prepare the operation on the scope's rows; submit it, then wait by components_wait. */
struct component_op *components_begin(struct call *c);
step components_wait(struct call *c);
/* Step: read the component of `id` into the state's record, or fail with R_NOT_FOUND. */
step components_find(struct call *c);
/* Step: answer with the state's record. */
step components_reply(struct call *c);
