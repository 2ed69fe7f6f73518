/* SPDX-License-Identifier: Apache-2.0 */
/* What the flows of DirectoryService share: their state, the one query, the one change, pages.
 * Their callers are of some tenant, so the step `scope` always finds one. */
#pragma once

#include "service/common/cursor.h"
#include "service/common/page.h"
#include "service/common/scope.h"
#include "store/resource/directory_store.h"

struct directory_entries {
    struct scope scope; /* first */
    struct directory_op op;
    struct directory_outcome outcome;
    struct directory_part part;
    /* What the part lends, while it is being read. */
    struct directory_user *users;
    struct directory_group *groups;
    struct directory_members *lists;
    const char **members; /* of the list that is being read */
    struct cursor cursor; /* in whichever of them */
    const char *address;  /* of the entry that is meant */
    const char *after;
    struct page page;
};

static inline struct directory_entries *directory_entries_of(const struct call *c)
{
    return call_state(c);
}

/* Prepare the query; then a function of store/resource/directory_store.h; then wait. */
struct directory_op *directory_entries_begin(struct call *c);
step directory_entries_wait(struct call *c);
/* The same with a change. Failures are told with what is at fault. */
struct change_op *directory_entries_change(struct call *c);
step directory_entries_settle(struct call *c);
/* Tell what is at fault: the admin may have sent thousands of entries. */
void directory_explain(struct call *c, const struct directory_outcome *outcome, enum reason reason);
/* Read the page of a list in order of address. */
step directory_entries_read_page(struct call *c);
