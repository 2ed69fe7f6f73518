/* SPDX-License-Identifier: Apache-2.0 */
/* Partners: exceptions and denials.
 *
 * By an exception content of one tenant opens natively for members of another, while both consent. Each act is one transaction: the change, both tenants' raised epochs, the record in
 * the acting tenant's log. */
#pragma once

#include "domain/values/tenant.h"
#include "store/resource/change.h"

enum { PARTNERS_MAX = 1000 }; /* exceptions to which one tenant consents */

struct partner_row {
    struct uuid id;
    const char *content_tenant, *reader_tenant; /* short names */
    bool content_consents, reader_consents;
    int64_t created_at; /* microseconds */
};

/* Make it with the consent of the acting tenant, op->scope. R_ALREADY_EXISTS for the pair;
 * R_LIMIT_EXCEEDED. */
void partner_store_propose(struct change_op *op, struct uuid id, struct tenant_id content,
                           struct tenant_id reader, const char *note);
/* Add the acting tenant's consent. R_NOT_FOUND: it is not one of the two; R_ALREADY_EXISTS: it
 * consents already; R_LIMIT_EXCEEDED. */
void partner_store_accept(struct change_op *op, struct uuid id, const char *note);
/* End it. R_NOT_FOUND. */
void partner_store_withdraw(struct change_op *op, struct uuid id, const char *note);

/* A tenant's exceptions and proposals in order of id. */
struct partner_list {
    struct store_op op;
    struct tenant_id tenant;
    struct uuid only;  /* zero: any */
    struct uuid after; /* the last one of the page before; zero: the first page */
    size_t limit;
    const struct partner_row *rows;
    size_t count;
};
void partner_store_list(struct partner_list *list);

enum { DENIALS_MAX = 1000 /* of one tenant */ };
/* Keep a partner away, `tenant:` or `domain:`. R_ALREADY_EXISTS; R_LIMIT_EXCEEDED. */
void partner_store_deny(struct change_op *op, enum denial_side side, const char *partner);
/* No more. R_NOT_FOUND. */
void partner_store_allow(struct change_op *op, enum denial_side side, const char *partner);
