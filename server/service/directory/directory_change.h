/* SPDX-License-Identifier: Apache-2.0 */
/* What the acts of DirectoryService share that may let one admin come to others' content
 * (docs/policy.md §6.1): PutUser, PutGroup, AddMembers, DeleteUser. Whether one does is told by the
 * functions of migrations/0007_directory.sql, which make the change and undo it again. */
#pragma once

#include "service/common/approvable.h"
#include "service/common/cursor.h"
#include "store/resource/directory_store.h"

/* The value of such an act. Whether it lets somebody in, its own statement sees; what it would come
 * to is read where a second admin is asked, or approves it. */
struct directory_change {
    struct directory_user user; /* the one, or what is replaced */
    struct directory_group group;
    struct directory_members list;
    const char **members; /* of the list, while it is being read */
    struct cursor cursor;
    struct directory_part part; /* lends from those above */
    struct directory_outcome *outcome;
    enum directory_kind kind;
    const char *address;        /* of the entry until now; NULL: only members change */
    struct directory_look look; /* what it would come to */
    struct directory_op found; /* if that needs approval, the entry as it is; none: there is none */
};

static inline struct directory_change *directory_change_of(const struct call *c)
{
    return approvable_of(c)->value;
}

/* The end of an act's `check`. */
step directory_change_checked(struct call *c);
/* An act's `look`, `effect` and `explain`. `look`: of a part, or of the removal of a user. */
step directory_change_look(struct call *c);
uint32_t directory_change_effect(struct call *c);
void directory_change_explain(struct call *c, enum reason reason);
/* Prepare the operation: where its outcome goes. */
void directory_change_begin(struct change_op *op, const struct directory_change *change);
/* For an act's `changes`: who is let in. */
void directory_change_add_let_in(const struct directory_change *change,
                                 struct approval_changes *out);
/* The entry before and after; NULL: there is none. */
void directory_change_add_user(struct approval_changes *out, const struct directory_user *before,
                               const struct directory_user *after);
void directory_change_add_group(struct approval_changes *out, const struct directory_group *before,
                                const struct directory_group *after);
