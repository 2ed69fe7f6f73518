/* SPDX-License-Identifier: Apache-2.0 */
/* A tenant's directory as its admins keep it: users and groups with aliases, members. Each change
 * is one transaction with the raised epoch and the audit row. Texts are addresses in their
 * stored form. */
#pragma once

#include "store/audit_who.h"
#include "store/pg/store.h"

enum directory_kind { DIRECTORY_USER = 1, DIRECTORY_GROUP = 2 };

struct directory_aliases {
    const char *const *items; /* without the primary address, each once */
    size_t count;
};

struct directory_user {
    const char *address, *display_name;
    struct directory_aliases aliases;
    bool is_guest;
};

struct directory_group {
    const char *address, *display_name;
    struct directory_aliases aliases;
    const char *external_id; /* ""; what the identity provider calls it in tokens */
};

/* Members to add to one group, or to remove from it. */
struct directory_members {
    const char *group; /* any of its addresses */
    const char *const *members;
    size_t count;
};

/* What is put in one go; all or nothing. */
struct directory_part {
    const struct directory_user *users;
    size_t user_count;
    const struct directory_group *groups;
    size_t group_count;
    const struct directory_members *members;
    size_t members_count;
    const char *previous;  /* with one entry: its address so far; "" or NULL: the same */
    struct uuid import_id; /* whose counts go up; zero: none */
};

/* One operation of any kind; what each fills stands beside its function. */
struct directory_op {
    struct store_op op;
    struct tenant_id tenant;
    struct audit_who who;

    /* Why a change failed, in the words of the request. R_NOT_FOUND: there is no entry `what`.
     * R_ALREADY_EXISTS: the address or external id `what` is the entry `holder`'s.
     * R_GROUP_CYCLE: the group `what` would contain itself. R_FIELD_INVALID: `what` stands twice
     * in the request. */
    const char *what, *holder;
    bool is_external_id; /* `what` is one */

    int64_t changed;                                     /* members added or removed */
    int64_t import_users, import_groups, import_members; /* of the whole import so far */
    struct directory_user *users;
    size_t user_count;
    struct directory_group *groups;
    size_t group_count;
    const char *const *addresses;
    size_t address_count;
};

/* `operation` and `target` go into the log. Fills `changed` and the import's counts. */
void directory_store_put(struct directory_op *op, const char *operation, const char *target,
                         const struct directory_part *part);
/* Memberships of the entry go with it. */
void directory_store_delete(struct directory_op *op, enum directory_kind kind, const char *address);
/* Fills `changed`. */
void directory_store_remove_members(struct directory_op *op,
                                    const struct directory_members *members);

/* Fill `users` or `groups`, by address. `only`: the one that has this address, or NULL; `after`:
 * "" at first. */
void directory_store_list(struct directory_op *op, enum directory_kind kind, const char *only,
                          const char *after, size_t limit);
/* Fill `addresses`, sorted. R_NOT_FOUND when no group has this address. */
void directory_store_list_members(struct directory_op *op, const char *group, const char *after,
                                  size_t limit);
/* Everybody in a group at whatever depth; only groups in these domains count. */
void directory_store_people_of(struct directory_op *op, const char *group,
                               const char *const *domains, size_t domain_count, size_t limit);
/* Users' addresses in a domain; "": the primary ones of all but guests. */
void directory_store_people_in(struct directory_op *op, const char *domain, size_t limit);
