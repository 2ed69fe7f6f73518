/* SPDX-License-Identifier: Apache-2.0 */
#include "service/registry.h"

#include "service/common/approvable.h"
#include "service/common/flows.h"

void service_register(struct rpc *rpc)
{
    static const struct flow *const all[] = {
#define FLOW(name) &name##_flow,
#include "service/common/flows.def"
#undef FLOW
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        rpc_register(rpc, all[i]);
    }
}

const struct approvable_act *const service_acts[] = {
#define ACT(name) &name##_act,
#include "service/common/acts.def"
#undef ACT
    NULL,
};
