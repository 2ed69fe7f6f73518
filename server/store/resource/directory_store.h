/* SPDX-License-Identifier: Apache-2.0 */
/* A tenant's directory as its admins keep it: users and groups with aliases, members. Each change
 * is one transaction with the raised epoch and the audit row. Texts are addresses in their
 * stored form. */
#pragma once

#include "store/gate/gate.h"
#include "store/resource/change.h"

enum directory_kind { DIRECTORY_USER = 1, DIRECTORY_GROUP = 2 };

struct directory_aliases {
    const char *const *items; /* without the primary address, each once */
    size_t count;
};

struct directory_user {
    const char *address, *display_name;
    struct directory_aliases aliases;
    bool is_guest;
    bool is_disabled; /* only read: SCIM sets it (scim_store.h) */
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

/* What came of a change, in the words of the request. R_NOT_FOUND: there is no entry `what`.
 * R_ALREADY_EXISTS: the address or external id `what` is the entry `holder`'s. R_GROUP_CYCLE: the
 * group `what` would contain itself. R_FIELD_INVALID: `what` stands twice in the request.
 * R_APPROVAL_REQUIRED: the entry `holder` would get the address `what`, or `what` would become a
 * member of the group `holder`, by which one admin could come to others' content. */
struct directory_outcome {
    const char *what, *holder;
    bool is_external_id;                                 /* `what` is one */
    int64_t changed;                                     /* members added or removed */
    int64_t import_users, import_groups, import_members; /* of the whole import so far */
};

/* Each fills op->directory. `operation` and `target` go into the log. Where the tenant requires it,
 * what must be approved by a second admin and is not (op->approval) is R_APPROVAL_REQUIRED. */
void directory_store_put(struct change_op *op, const char *operation, const char *target,
                         const struct directory_part *part);
/* The same of an admin who can't ask a second one, so that the refusal goes into the log. */
void directory_store_import(struct change_op *op, const char *target,
                            const struct directory_part *part);
/* Memberships of the entry go with it. */
void directory_store_delete(struct change_op *op, enum directory_kind kind, const char *address);
void directory_store_remove_members(struct change_op *op, const struct directory_members *members);

/* What a change would come to; nothing is done. */
struct directory_look {
    struct store_op op;
    struct tenant_id tenant;
    struct directory_outcome outcome;
    bool needs_second;         /* one admin could come to others' content by it: outcome.what */
    const char *const *behind; /* who is let in: people, groups, external ids; sorted */
    size_t behind_count;
    bool is_whole;           /* false: there are more than DIRECTORY_BEHIND_MAX of them */
    struct gate_scope known; /* the directory, as it was then */
};
enum { DIRECTORY_BEHIND_MAX = 1000 };
void directory_store_look(struct directory_look *look, const struct directory_part *part);
void directory_store_look_delete(struct directory_look *look, const char *user);

/* A query; what each fills stands beside its function. */
struct directory_op {
    struct store_op op;
    struct tenant_id tenant;
    struct directory_user *users;
    size_t user_count;
    struct directory_group *groups;
    size_t group_count;
    const char *const *addresses;
    size_t address_count;
};

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
