/* SPDX-License-Identifier: Apache-2.0 */
/* The steps from a publishing license to a recorded decision: of AcquireLicense and InspectContent,
 * and for whoever acts on content by what its policy grants them (content_access.h). */
#pragma once

#include "auth/caller.h"
#include "service/common/bases.h"
#include "service/common/request.h"
#include "wire/publishing_license.h"

struct license_access {
    /* parse */
    struct slice license_bytes;
    struct client_names client;
    const struct client_key *client_key; /* for AcquireLicense */
    bool by_grants_only; /* decide by what the policy grants, whatever the caller's power */
    /* open */
    struct publishing_license license;  /* as it claims to be, until is_open */
    const struct tenant_record *tenant; /* the content's */
    const struct platform_record *platform_record;
    const struct key_row *sealing;
    struct keys_op keys;
    struct policy policy;
    struct gate_content content; /* what its row would be */
    bool is_open; /* the seal held and the policy is read, so the clear header is true */
    /* groups */
    const char *const
        *outside_groups; /* the user's groups when those of the content's tenant are among them */
    /* decide */
    struct access_decision decision;
};

static inline struct license_access *license_access_of(const struct call *c)
{
    return bases_value(c);
}

/* What the requests have; `client` NULL: it says nothing of itself. */
step license_access_parse(struct call *c, struct slice license,
                          const Chancery__V1__ClientInfo *client);
step license_access_open(struct call *c);
/* A reader from elsewhere is looked up among the groups of the content's tenant, if the policy
 * names any (outside_groups.c). From here on the flow goes again when the gate tells other facts:
 * an amendment may name groups. */
step license_access_groups(struct call *c);
step license_access_decide(struct call *c);
step license_access_gate(struct call *c);
step license_access_record_refusal(struct call *c);

/* Prepare the custodian's operation on this content; a row of the tenant's keys as it wants it. */
void license_access_begin_keys(struct call *c);
struct keys_ref license_access_key_ref(const struct license_access *a, const struct key_row *row);
