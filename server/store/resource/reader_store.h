/* SPDX-License-Identifier: Apache-2.0 */
/* Whose a reader's mail domain is. */
#pragma once

#include "domain/values/boundary.h"
#include "domain/values/tenant.h"
#include "store/gate/gate.h"
#include "store/pg/store.h"

/* Whose people are these, and is what the caller decided on still true? One snapshot. Guests are
 * known of tenants whose directories this node may read. */
struct readers_find {
    struct store_op op;
    bool is_stale; /* one of the scopes' epochs has moved */
    struct address_reader {
        const char *address;
        struct reader reader;
    } * rows; /* sorted by address as bytes; those of no tenant are missing */
    size_t count;
};

struct readers_question {
    const struct tenant_view *tenant; /* the sender's */
    const char *sender;               /* normalized; "" for nobody */
    const struct gate_scope *scopes;  /* on which the caller has decided so far */
    size_t scope_count;
    const char *const *addresses; /* normalized; "" for none */
    size_t address_count;
    const char *const *served; /* as of views_new */
};
void reader_store_find(struct readers_find *find, const struct readers_question *question);

/* What directories say of recipients beside their addresses; one statement, a directory for each tenant. */
struct recipients_find {
    struct store_op op;
    int64_t epoch; /* of the scope of the content's tenant's directory */
    struct recipient_name {
        const char *recipient;
        enum recipient_name_kind {
            RECIPIENT_ADDRESS = 1,  /* another one of the same person, verified */
            RECIPIENT_IN_GROUP = 2, /* one of those that were asked about */
            RECIPIENT_IS_GROUP = 3,
        } kind;
        const char *name;
    } * rows; /* sorted by recipient, kind and name, as bytes */
    size_t count;
};

struct recipients_question {
    const struct tenant_view *tenant; /* the content's */
    const char *const *addresses;     /* normalized */
    size_t address_count;
    /* What alone is told of them: groups, other addresses that are these or lie in these domains. */
    const char *const *groups, *const *users, *const *domains;
    size_t group_count, user_count, domain_count;
    const char *const *served; /* as of views_new */
};
void reader_store_find_names(struct recipients_find *find,
                             const struct recipients_question *question);
