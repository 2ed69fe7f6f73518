/* SPDX-License-Identifier: Apache-2.0 */
/* Structs with which a flow's state may begin, so that shared steps find their values. A flow says
 * so by FLOW_STATE_ON, which the compiler checks; that a shared step's flow does, the engine checks
 * when it is registered. */
#pragma once

#include "rpc/call.h"

enum flow_base {
    BASE_SCOPE = 1,          /* scope.h */
    BASE_APPROVABLE = 2,     /* approvable.h; begins with a scope */
    BASE_CONTENT_ACCESS = 4, /* content_access.h */
    BASE_REPUBLISH = 8,      /* publishing/protect.h, of Answer too; begins with license_access.h */
};

/* Where the steps find their values that work on one content, be it by its own flow or by an act that
 * is being approved: the flow's state, or what the act's value is. */
void *bases_value(const struct call *c);
