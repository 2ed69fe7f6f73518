/* SPDX-License-Identifier: Apache-2.0 */
/* Structs with which a flow's state may begin, so that shared steps find their values. A flow says
 * so by FLOW_STATE_ON, which the compiler checks; that a shared step's flow does, the engine checks
 * when it is registered. */
#pragma once

enum flow_base {
    BASE_SCOPE = 1,          /* scope.h */
    BASE_APPROVABLE = 2,     /* approvable.h; begins with a scope */
    BASE_CONTENT_ACCESS = 4, /* content_access.h */
};
