/* SPDX-License-Identifier: Apache-2.0 */
/* The steps from a publishing license to a recorded decision: of AcquireLicense and InspectContent,
 * and for whoever acts on content by what its policy grants them (content_access.h). */
#pragma once

#include "auth/caller.h"
#include "service/common/bases.h"
#include "service/common/request.h"
#include "store/resource/content_store.h"
#include "store/resource/publisher_store.h"
#include "wire/offline_license.h"
#include "wire/publisher_certificate.h"

struct license_access {
    /* parse */
    struct slice license_bytes;
    struct client_names client;
    const struct client_key *client_key; /* for AcquireLicense */
    bool by_grants_only; /* decide by what the policy grants, whatever the caller's power */
    bool needs_export;   /* to take the protection off, or to put another in its place */
    enum gateway_purpose purpose;
    bool is_opening;      /* somebody wants to see it now: its owner may be told */
    const char *what_for; /* for the record; NULL: to use the content */
    step_fn
        again; /* from where the flow goes on when what it knew is out of date; NULL: from open */
    /* open */
    struct publishing_license license;  /* as it claims to be, until is_open */
    const struct tenant_record *tenant; /* the content's */
    const struct platform_record *platform_record;
    const struct key_row *sealing; /* of an offline license the exchange key */
    struct keys_op keys;
    const struct opened_content *opened; /* of many licenses that are issued at once */
    struct policy policy;
    struct gate_content content; /* what its row would be */
    bool is_open; /* the seal held and the policy is read, so the clear header is true */
    /* open, of a license that a publisher has made without asking (offline_access.c) */
    struct publisher_certificate certificate;
    struct slice publisher_key;     /* its thumbprint */
    struct publisher_find standing; /* asked when the content has no row */
    struct content_find making;     /* its row, for whoever doesn't pass the gate with it */
    bool may_register;              /* … and the publisher may still publish */
    bool is_refused;                /* they may not, or not so */
    /* groups */
    const char *const
        *outside_groups; /* the user's groups when those of the content's tenant are among them */
    /* decide */
    struct unix_time decided_at; /* from which the license counts, however late it is signed */
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
step license_access_quota(struct call *c);
step license_access_gate(struct call *c);
step license_access_record_refusal(struct call *c);
/* What follows a gate of one's own about such content. */
step license_access_recorded(struct call *c);

/* Prepare the custodian's operation on this content; a row of the tenant's keys as it wants it. */
void license_access_begin_keys(struct call *c);
struct keys_ref license_access_key_ref(const struct license_access *a, const struct key_row *row);
