/* SPDX-License-Identifier: Apache-2.0 */
/* What waits for a second admin already, so that it is not asked for again. Inside cli/declared. */
#pragma once

#include "cli/declared/state.h"
#include "methods.h"

/* Whether exactly this request waits already: the id of its approval, else "". Prints what fails. Returns an exit
 * code. */
int waiting_find(struct state *state, const struct method *method, const char *tenant,
                 const ProtobufCMessage *request, const char **approval);
