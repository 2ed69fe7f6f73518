/* SPDX-License-Identifier: Apache-2.0 */
/* Who may look at and change what was protected: its owner, its issuer, and admins of its tenant.
 * Everybody else hears NOT_FOUND, as for content that there never was. */
#pragma once

#include "auth/caller.h"
#include "service/common/bases.h"
#include "store/resource/content_store.h"

/* The state of flows about one content begins with it. */
struct content_access {
    struct content_id content; /* parse */
    struct content_find find;  /* content_access_find: .row */
};

static inline struct content_access *content_access_of(const struct call *c)
{
    return call_state(c);
}

/* The step `find`: the content's row, if the caller may know of it. */
step content_access_find(struct call *c);
#define CONTENT_ACCESS_FIND                                                      \
    {                                                                            \
        .name = "find", .run = content_access_find, .needs = BASE_CONTENT_ACCESS \
    }
#define CONTENT_ACCESS_STATE                                                \
    {                                                                       \
        .size = sizeof(struct content_access), .bases = BASE_CONTENT_ACCESS \
    }
