/* SPDX-License-Identifier: Apache-2.0 */
/* Every flow of the service layer, one file each; the daemon registers them. */
#pragma once

#include "rpc/call.h"

extern const struct flow health_check_flow;
extern const struct flow health_watch_flow;
extern const struct flow reflection_flow;
extern const struct flow reflection_v1alpha_flow;
