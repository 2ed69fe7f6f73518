/* SPDX-License-Identifier: Apache-2.0 */
/* Who may look at and change what was protected: its owner, its issuer, and admins of its tenant. Everybody else hears
 * NOT_FOUND, as for content that there never was. */
#pragma once

#include "auth/caller.h"
#include "store/tracking.h"

/* The state of flows about one content begins with it. */
struct content_access {
    struct caller caller;      /* first: the step authenticate fills it */
    struct content_id content; /* parse */
    struct content_find find;  /* content_access_find: .row */
};

static inline struct content_access *content_access_of(struct call *c)
{
    return call_state(c);
}

/* The step `find`: the content's row, if the caller may know of it. */
step content_access_find(struct call *c);
