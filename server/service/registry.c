/* SPDX-License-Identifier: Apache-2.0 */
#include "service/registry.h"

#include <string.h>

#include "methods.h"
#include "service/common/approvable.h"
#include "service/common/flows.h"
#include "service/common/resources.h"
#include "wire/pb_bulk.h"

/* A message is unpacked in one turn of the loop, so it may be no larger than what that takes well
 * below 5 ms for, whatever is in it (docs/interface.md §9); texts apart that are only copied
 * (wire/pb_bulk.h). Batches are unpacked item by item (flow.item). */
enum { UNPACKED_BYTES_MAX = 512 * 1024 };

static void check_size(const struct flow *flow)
{
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        CH_ASSERT(strcmp(METHODS[i].path, flow->method) != 0 || flow->item != NULL ||
                  flow->on_item != NULL || METHODS[i].max_request_bytes <= UNPACKED_BYTES_MAX ||
                  pb_has_bulk(METHODS[i].request));
    }
}

void registry_add_all(struct rpc *rpc)
{
    static const struct flow *const all[] = {
#define FLOW(name) &name##_flow,
#include "service/flows.def"
#undef FLOW
    };
    static const struct resource *const resources[] = {
#define RESOURCE(name) &name##_resource,
#include "service/resources.def"
#undef RESOURCE
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        check_size(all[i]);
        rpc_register(rpc, all[i]);
    }
    for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++) {
        resource_check(resources[i]);
    }
}

const struct approvable_act *const registry_acts[] = {
#define ACT(name) &name##_act,
#include "service/acts.def"
#undef ACT
    NULL,
};
