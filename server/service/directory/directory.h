/* SPDX-License-Identifier: Apache-2.0 */
/* What the flows of DirectoryService share: fields of requests, the one operation. Their callers are of some tenant, so the step
 * scope_resolve always finds one. */
#pragma once

#include "chancery/v1/directory.pb-c.h"
#include "service/common/scope.h"
#include "store/resource/directory_store.h"

enum {
    DIRECTORY_ALIASES_MAX = 100,
    DIRECTORY_NAME_MAX = 128,
    DIRECTORY_EXTERNAL_ID_MAX = 128,
    DIRECTORY_PUT_MAX = 10000, /* users and groups, and likewise members, of one call */
};

struct directory_flow {
    struct scope scope; /* first */
    struct directory_op op;
    struct directory_part part;
    const char *address; /* of the entry that is meant */
    const char *after;   /* page token */
    size_t limit;
    /* Which message of the request is being read, for errors: "users" and 7, or "user" and -1. */
    const char *place;
    long place_index;
};

static inline struct directory_flow *directory_of(const struct call *c)
{
    return call_state(c);
}

/* Prepare the operation; then a function of store/resource/directory_store.h; then wait. Failures are told with what is at fault. */
struct directory_op *directory_begin(struct call *c);
step directory_wait(struct call *c);

/* --- fields ------------------------------------------------------------------------------------------------- */

/* From here on messages at this place of the request are read; "" for the request itself. */
void directory_at(struct call *c, const char *place, long index);
/* A required address, normalized. */
step directory_read_address(struct call *c, const char *field, const char *text, const char **out);
step directory_read_user(struct call *c, const Chancery__V1__User *user,
                         struct directory_user *out);
step directory_read_group(struct call *c, const Chancery__V1__Group *group,
                          struct directory_group *out);
step directory_read_members(struct call *c, const char *group, char *const *members, size_t count,
                            struct directory_members *out);
/* Whether the addresses lie in the tenant's verified domains: after the step `scope`. */
step directory_check_user(struct call *c, const struct directory_user *user);
step directory_check_group(struct call *c, const struct directory_group *group);

/* --- pages ------------------------------------------------------------------------------------------------ */

/* Pages go by address: the token is the last one of the page before. */
step directory_read_page(struct call *c, int32_t size, const char *token);
/* The token of the page that ends with this address; "" when it is not full. */
char *directory_next_page(struct call *c, size_t count, const char *last);

/* --- replies ---------------------------------------------------------------------------------------------- */

/* NULL over budget. */
Chancery__V1__User *directory_write_user(struct call *c, const struct directory_user *user);
Chancery__V1__Group *directory_write_group(struct call *c, const struct directory_group *group);
