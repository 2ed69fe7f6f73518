/* SPDX-License-Identifier: Apache-2.0 */
/* By which requests a change is made. Inside cli/declared. */
#pragma once

#include "cli/declared/plan.h"
#include "methods.h"

struct act_request {
    const struct method *method;
    const char *name; /* as session_call takes it */
    ProtobufCMessage *request;
};

/* Another field than those of the resource, and then its state, which has a method of its own. */
enum { CHANGE_REQUESTS_MAX = 2 };

/* The requests of a change, in their order; how many. Lent by the session. */
size_t change_requests(struct plan *plan, const struct change *change,
                       struct act_request out[CHANGE_REQUESTS_MAX]);
bool change_makes_template(const struct change *change);
