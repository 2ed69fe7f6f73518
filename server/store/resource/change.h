/* SPDX-License-Identifier: Apache-2.0 */
/* Administrative changes. Each is one statement: the change, the raised epoch and the audit row,
 * so one transaction. R_ALREADY_EXISTS when a name is taken, R_NOT_FOUND when nothing matched. */
#pragma once

#include "store/audit_who.h"
#include "store/pg/store.h"

/* How an act stands to two-person approval. All zero: not at all. */
struct act_approval {
    struct approval_id request; /* performing the act approves this request; zero: none */
    const char *asked_by;       /* who asked for it */
    /* Bits of enum approval_operation: R_STALE if the tenant requires approval of any by now. */
    uint32_t unless;
    /* On which state of which scopes, at most GATE_SCOPES_MAX, it was decided whether it needs
     * approval, or what is approved: R_STALE if one has moved. Of an act without a request that
     * only matters where the tenant requires approval of anything. Borrows. */
    const struct gate_scope *known;
    size_t known_count;
};

struct gate_scope;
struct pg_result;
struct template_row;
struct tenant_row;

/* An admin's operation on the rows of a scope: a change, or reading them. What each function needs
 * and fills stands beside it. */
struct change_op {
    struct store_op op;
    struct tenant_id scope; /* whose rows change, and whose log has the act */
    struct audit_who who;
    struct act_approval approval;
    int64_t created_at;             /* of what tenant_store_create made */
    struct template_row *templates; /* what template_store_list found */
    size_t template_count;
    struct tenant_row *tenant;  /* what tenant_store_get found */
    struct tenant_row *tenants; /* what tenant_store_list found */
    size_t tenant_count;
    const char *text; /* what was found, where it is one text */
    /* Private. */
    rc (*read)(struct store_op *op, size_t index, const struct pg_result *rows, struct err *err);
    size_t act_index;      /* of the act's statement in its segment */
    struct event_id event; /* of the act in the log */
};
