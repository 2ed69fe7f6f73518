/* SPDX-License-Identifier: Apache-2.0 */
/* All flows and acts of the service layer, for the daemon that wires them. */
#pragma once

#include "rpc/call.h"

struct approvable_act;

/* Register every flow of flows.def, and check every table of resources.def; the engine's services must be a struct services. */
void registry_add_all(struct rpc *rpc);
/* For services.approvable_acts: every act of acts.def; ends at NULL. */
extern const struct approvable_act *const registry_acts[];
