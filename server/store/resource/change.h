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

struct directory_outcome;
struct mail_rule_row;
struct gate_scope;

/* The request id by which an act can be asked for again (docs/policy.md §5.2). */
struct act_request {
    struct uuid id; /* zero: none. R_ALREADY_EXISTS if a request of this id has made something */
    struct slice hash;
    struct uuid made; /* what the act makes */
};

struct pg_result;
struct branding_row;
struct template_row;
struct tenant_key_row;
struct key_exports;
struct tenant_row;

/* An admin's operation on the rows of a scope: a change, or reading them. What each function needs
 * and fills stands beside it. */
struct change_op {
    struct store_op op;
    struct tenant_id scope; /* whose rows change, and whose log has the act */
    struct audit_who who;
    struct act_approval approval;
    struct act_request request;
    int64_t created_at;             /* of what tenant_store_create made */
    struct template_row *templates; /* what template_store_list found */
    size_t template_count;
    struct mail_rule_row *mail_rules; /* what mail_rule_store_list found */
    size_t mail_rule_count;
    struct branding_row *brandings; /* what branding_store_get and _list found */
    size_t branding_count;
    struct tenant_row *tenant;  /* what tenant_store_get found */
    struct tenant_row *tenants; /* what tenant_store_list found */
    size_t tenant_count;
    struct tenant_key_row *key;  /* the version that key_store changed or made, as it is now */
    struct key_exports *exports; /* what key_store_export found */
    const char *text;            /* what was found, where it is one text */
    struct directory_outcome *directory; /* of whoever changes a directory: what came of it */
    /* Private. */
    rc (*read)(struct store_op *op, size_t index, const struct pg_result *rows, struct err *err);
    size_t act_index;      /* of the act's statement in its segment */
    struct event_id event; /* of the act in the log */
};
