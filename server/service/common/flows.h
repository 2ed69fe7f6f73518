/* SPDX-License-Identifier: Apache-2.0 */
/* Every flow of the service layer; flows.def is made of their definitions by scripts/gen-registry.
 * A method without a flow answers UNIMPLEMENTED. */
#pragma once

#include "rpc/typed.h"

#define FLOW(name) extern const struct flow name##_flow;
#include "service/flows.def"
#undef FLOW
