/* SPDX-License-Identifier: Apache-2.0 */
/* What waits for a second admin already, so that it is not asked for again. Inside cli/declared. */
#pragma once

#include "cli/declared/state.h"
#include "methods.h"

/* Call a method, unless exactly this request waits already: then `waits` gets the id of its approval, and the
 * answer is NULL; else `waits` is "". Prints what fails. Returns an exit code. */
int waiting_call(struct state *state, const struct method *method, const char *name,
                 const char *tenant, const ProtobufCMessage *request, ProtobufCMessage **answer,
                 const char **waits);
