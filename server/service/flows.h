/* SPDX-License-Identifier: Apache-2.0 */
/* Every flow of the service layer (flows.def); flows_register hands them all to the engine. Methods without a
 * flow answer UNIMPLEMENTED. */
#pragma once

#include "rpc/call.h"

#define FLOW(name) extern const struct flow name##_flow;
#include "service/flows.def"
#undef FLOW

/* Register all of them; the engine's services must be a struct services. */
void flows_register(struct rpc *rpc);
