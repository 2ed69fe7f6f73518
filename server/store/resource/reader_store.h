/* SPDX-License-Identifier: Apache-2.0 */
/* Whose a reader's mail domain is. */
#pragma once

#include "domain/values/boundary.h"
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
/* `served`: as of views_new. */
void reader_store_find(struct readers_find *find, const struct gate_scope *scopes,
                       size_t scope_count, const char *const *addresses, size_t address_count,
                       const char *const *served);
