/* SPDX-License-Identifier: Apache-2.0 */
/* Who may look at and change what was protected (docs/policy.md §3.4, §3.6): its owner, its issuer,
 * admins of its tenant, in part a component that protected it; and by its publishing license whoever
 * its policy gives rights over itself. To everybody else without that license it is NOT_FOUND, as
 * content that there never was. */
#pragma once

#include "domain/relations/content_standing.h"
#include "service/common/license_access.h"
#include "store/resource/amendment_store.h"
#include "store/resource/content_store.h"

/* The state of flows about one content begins with it, or the value of an act. */
struct content_access {
    struct license_access license; /* first; empty if none came along */
    /* parse */
    enum content_act act;
    struct content_id content;
    bool has_license;
    bool wants_policy; /* open a license that came along, whether it decides or not */
    /* find */
    enum content_standing standing;
    struct tenant_id tenant; /* the content's */
    bool is_found;
    struct content_find find; /* .row */
    /* rights, when the license was opened */
    struct amendment_fetch amendment; /* version 0: there is none */
};

static inline struct content_access *content_access_of(const struct call *c)
{
    return bases_value(c);
}

/* What the requests have: an id, a publishing license, or both. */
step content_access_parse(struct call *c, enum content_act act, const char *content_id,
                          ProtobufCBinaryData license);
/* The step `find`: the content's row, where it is of the caller's tenant, and what the caller is to
 * it. */
step content_access_find(struct call *c);
#define CONTENT_ACCESS_FIND                                                      \
    {                                                                            \
        .name = "find", .run = content_access_find, .needs = BASE_CONTENT_ACCESS \
    }
/* The step `rights`: if that is not enough, what the license's policy grants the caller, decided as
 * for a use license. NEXT: they may. */
step content_access_decide(struct call *c);
#define CONTENT_ACCESS_RIGHTS                                                        \
    {                                                                                \
        .name = "rights", .run = content_access_decide, .needs = BASE_CONTENT_ACCESS \
    }
#define CONTENT_ACCESS_STATE                                                \
    {                                                                       \
        .size = sizeof(struct content_access), .bases = BASE_CONTENT_ACCESS \
    }
/* Whoever is locked out of the tenant has no power over its content either: EXCLUDED, of the tenant
 * that was found last. */
step content_access_check_exclusion(struct call *c);
/* Refusals are recorded in the content's own log when its seal has held. */
step content_access_record_refusal(struct call *c);
