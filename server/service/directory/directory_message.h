/* SPDX-License-Identifier: Apache-2.0 */
/* Directory entries between their messages and their rows: users, groups, members. */
#pragma once

#include "chancery/v1/directory.pb-c.h"
#include "domain/values/tenant.h"
#include "rpc/call.h"
#include "store/resource/directory_store.h"

enum {
    DIRECTORY_ALIASES_MAX = 100,
    DIRECTORY_EXTERNAL_ID_MAX = 128,
    DIRECTORY_PUT_MAX = 10000, /* users and groups, and likewise members, of one call */
};

/* Where in the request a message stands, for errors: "users" and 7, "user" and -1; "": it is the
 * request itself. Paths are made for what is wrong only: a request may have tens of thousands of
 * fields. */
struct directory_place {
    const char *field;
    long index;
};
#define DIRECTORY_REQUEST ((struct directory_place){"", -1})

/* A required address, normalized. */
step directory_message_read_address(struct call *c, struct directory_place place, const char *field,
                                    const char *text, const char **out);
step directory_message_read_user(struct call *c, struct directory_place place,
                                 const Chancery__V1__User *user, struct directory_user *out);
step directory_message_read_group(struct call *c, struct directory_place place,
                                  const Chancery__V1__Group *group, struct directory_group *out);
/* Count the members of a group, and make room for them; each is then read by
 * directory_message_read_address. */
step directory_message_begin_members(struct call *c, struct directory_place place,
                                     const char *group, size_t count, struct directory_members *out,
                                     const char ***members);
/* Whether the addresses lie in the tenant's verified domains. */
step directory_message_check_user(struct call *c, struct directory_place place,
                                  const struct tenant_view *tenant,
                                  const struct directory_user *user);
step directory_message_check_group(struct call *c, struct directory_place place,
                                   const struct tenant_view *tenant,
                                   const struct directory_group *group);

/* NULL over budget. */
Chancery__V1__User *directory_message_write_user(struct call *c, const struct directory_user *user);
Chancery__V1__Group *directory_message_write_group(struct call *c,
                                                   const struct directory_group *group);
