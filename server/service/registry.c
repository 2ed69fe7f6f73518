/* SPDX-License-Identifier: Apache-2.0 */
#include "service/registry.h"

#include "service/common/approvable.h"
#include "service/common/flows.h"
#include "service/common/resources.h"

void service_register(struct rpc *rpc)
{
    static const struct flow *const all[] = {
#define FLOW(name) &name##_flow,
#include "service/common/flows.def"
#undef FLOW
    };
    static const struct resource *const resources[] = {
#define RESOURCE(name) &name##_resource,
#include "service/common/resources.def"
#undef RESOURCE
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        rpc_register(rpc, all[i]);
    }
    for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++) {
        resource_check(resources[i]);
    }
}

const struct approvable_act *const service_acts[] = {
#define ACT(name) &name##_act,
#include "service/common/acts.def"
#undef ACT
    NULL,
};
