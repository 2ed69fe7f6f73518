/* SPDX-License-Identifier: Apache-2.0 */
#include "service/flows.h"

void flows_register(struct rpc *rpc)
{
    static const struct flow *const all[] = {
#define FLOW(name) &name##_flow,
#include "service/flows.def"
#undef FLOW
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        rpc_register(rpc, all[i]);
    }
}
