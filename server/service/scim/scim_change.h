/* SPDX-License-Identifier: Apache-2.0 */
/* What changes of users and of groups share: the request, the entry as it is, the statement (docs/scim.md §4). Inside
 * service/scim. */
#pragma once

#include "service/scim/scim_resource.h"

/* The state of such a flow begins with it. */
struct scim_change_state {
    struct scope scope; /* first */
    struct scim_request request;
    struct scim_find find;
    const struct scim_row *row; /* as it was read; NULL: it is made */
    struct scim_put put;
};

static inline struct scim_change_state *scim_change_of(const struct call *c)
{
    return call_state(c);
}

step scim_change_parse(struct call *c, const Chancery__V1__ScimExchange *exchange,
                       enum scim_kind kind);
/* The row `find`: the entry that has the id, in the state that if-match means. Nothing, when one is made. */
step scim_change_find(struct call *c);
/* The resource or the operations that the body is. It is freed with `scratch` before the call waits, as no call's budget has it. */
enum { SCIM_SCRATCH_BYTES = 4096 };
step scim_change_body(struct call *c, struct arena *scratch, json_t **out);
/* An address of the entry: normalized, in a verified domain of the tenant; NULL: it is none. */
const char *scim_change_address(struct call *c, const char *text);
/* The id of an entry that is made, or that had none. NULL over budget. */
const char *scim_change_new_id(struct call *c);
/* Fill what a statement says of whoever does it, and of the entry until now. `what`, for the record: "made". */
step scim_change_prepare(struct call *c, const char *what);
/* The commit: put it, or remove it. Goes on at the row of scim_change_find when it has changed meanwhile. */
step scim_change_submit(struct call *c);
/* The entry as it was put: what an answer is made of. */
struct scim_row scim_change_result(struct call *c);
