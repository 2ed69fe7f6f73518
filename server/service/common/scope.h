/* SPDX-License-Identifier: Apache-2.0 */
/* What the flows of administration share: whose rows are meant, and the one operation on them. */
#pragma once

#include "auth/caller.h"
#include "service/common/bases.h"
#include "store/resource/template_store.h"
#include "store/resource/tenant_store.h"

struct scope {
    const char *tenant_name;            /* as asked for; "" means the caller's */
    struct tenant_id tenant_id;         /* whose rows; TENANT_PLATFORM: the platform's own */
    const struct tenant_record *tenant; /* of that scope; NULL for the platform */
    bool is_for_platform; /* a platform admin asked for what is approved here (ApproveRequest) */
    struct lookup lookup;
    struct change_op op;
};

static inline struct scope *scope_of(const struct call *c)
{
    return call_state(c);
}

/* Load the platform, and find out whose rows `tenant_name` means, and whether the caller may touch
 * them: a platform admin any tenant's, everybody else their own. An empty name is the platform for
 * a platform admin. */
step scope_resolve(struct call *c);
#define SCOPE_STEP                                                 \
    {                                                              \
        .name = "scope", .run = scope_resolve, .needs = BASE_SCOPE \
    }
/* The same for what only a tenant has: a platform admin must name it. */
step scope_resolve_tenant(struct call *c);
#define SCOPE_TENANT_STEP                                                 \
    {                                                                     \
        .name = "scope", .run = scope_resolve_tenant, .needs = BASE_SCOPE \
    }
/* The short name of the tenant that was found; "" for the platform. */
const char *scope_tenant_name(const struct call *c);
/* Whether the caller may administer a boundary at this node: a platform admin may be registered for
 * one boundary. NEXT, R_COMPONENT_TENANT, R_WRONG_BOUNDARY. After facts_need_platform. */
step scope_check_node(struct call *c, const char *boundary);
/* The same for what lies in the boundary, its tenants and components: R_FIPS_REQUIRED too. */
step scope_check_boundary(struct call *c, const char *boundary);
/* Prepare the operation; submit it by a function of store/admin.h, then wait for it. */
struct change_op *scope_begin(struct call *c);
step scope_wait(struct call *c);
bool scope_is_platform(const struct call *c);
/* Whether it is a platform admin's word by which something is done: the caller's, or that of who
 * asked for what the caller approves. */
bool scope_is_platforms_word(const struct call *c);
