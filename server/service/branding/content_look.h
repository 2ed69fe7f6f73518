/* SPDX-License-Identifier: Apache-2.0 */
/* The look of content whose publishing license a portal shows: what its flows share (docs/policy.md §3.10). */
#pragma once

#include "service/common/license_access.h"
#include "store/resource/branding_store.h"

/* With which the state of such a flow begins. */
struct content_look {
    struct license_access access; /* first */
    struct change_op op;          /* the branding, as branding_store_find_look fills it */
};

static inline struct content_look *content_look_of(const struct call *c)
{
    return call_state(c);
}

/* The license is required. */
step content_look_parse(struct call *c, ProtobufCBinaryData license);
/* May its publisher still publish? What somebody made with a stolen certificate doesn't look like the tenant's. */
step content_look_standing(struct call *c);
/* Refuse for the reason that was decided, unless the key is revoked; a portal of another boundary is told of the right
 * one. */
step content_look_refuse(struct call *c, enum reason reason);
/* Find the branding that the policy names, or the default, or none. */
step content_look_find(struct call *c);
