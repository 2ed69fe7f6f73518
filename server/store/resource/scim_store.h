/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of directories as identity providers see them over SCIM, and the tokens of those (docs/scim.md). */
#pragma once

#include "store/resource/directory_store.h"

/* --- tokens --------------------------------------------------------------------------------------- */

enum { DIRECTORY_TOKENS_MAX = 5 };

struct directory_token_row {
    struct uuid id;
    const char *name;
    int64_t created_at, expires_at;
};

/* Make one; recorded. R_ALREADY_EXISTS for a name that is taken, R_LIMIT_EXCEEDED. */
struct directory_token_creation {
    struct store_op op;
    struct tenant_id tenant;
    struct directory_token_row row; /* in: id and name; then as it is */
    struct slice hash;              /* SHA-256 of the token */
    int32_t days;
    struct audit_who who;
};
void directory_token_store_create(struct directory_token_creation *make);

/* In the order of their ids, which is that of their making. */
struct directory_token_list {
    struct store_op op;
    struct tenant_id tenant;
    struct uuid after;
    size_t limit;
    struct directory_token_row *rows;
    size_t count;
};
void directory_token_store_list(struct directory_token_list *list);

/* Revoke one; recorded. R_NOT_FOUND. */
struct directory_token_revocation {
    struct store_op op;
    struct tenant_id tenant;
    struct uuid id;
    struct audit_who who;
};
void directory_token_store_revoke(struct directory_token_revocation *gone);

/* --- reading -------------------------------------------------------------------------------------- */

struct scim_row {
    const char *address, *id, *display_name;
    bool is_disabled;
    const char *group_id;         /* of a group, what tokens call it */
    const char *external_id;      /* of a user, what the identity provider calls them */
    const char *document;         /* "": no identity provider has touched it */
    const char *const *addresses; /* all of them, sorted */
    size_t address_count;
    const char *state; /* differs when any of this does */
    int64_t epoch;     /* of the directory */
};

struct scim_find {
    struct store_op op;
    struct tenant_id tenant;
    enum directory_kind kind;
    /* By any of these; "": not by that. The name is in lower case. */
    const char *id, *address, *name, *external_id;
    size_t skip, limit; /* of a list: how many to pass over, and to read */
    struct scim_row *rows;
    size_t count;
    int64_t total; /* what scim_store_count found */
};
void scim_store_find(struct scim_find *find);
/* All, in the order of addresses. */
void scim_store_list(struct scim_find *find);
void scim_store_count(struct scim_find *find);

struct scim_member_row {
    const char *id, *address;
    bool is_group;
};
struct scim_members {
    struct store_op op;
    struct tenant_id tenant;
    const char *group;
    size_t limit;
    struct scim_member_row *rows;
    size_t count;
};
void scim_store_members(struct scim_members *members);

/* --- changing ------------------------------------------------------------------------------------- */

struct scim_texts {
    const char **items;
    size_t count;
};

/* Put an entry; recorded. R_ALREADY_EXISTS, with outcome.what; R_ETAG_MISMATCH when it is another one than was seen;
 * R_FIELD_INVALID for a member's id that leads nowhere; R_GROUP_CYCLE; R_LIMIT_EXCEEDED; R_APPROVAL_REQUIRED, which is
 * recorded too. */
struct scim_put {
    struct store_op op;
    struct tenant_id tenant;
    struct audit_who who;
    enum directory_kind kind;
    const char *was;  /* its address until now; "": it is made */
    const char *seen; /* scim_row.state */
    const char *id, *address, *display_name;
    const char *const *aliases;
    size_t alias_count;
    bool is_disabled;
    const char *group_id;
    const char *name; /* in lower case */
    const char *external_id, *document;
    struct scim_texts added, added_ids, removed,
        removed_ids;    /* members of a group, by address or id */
    bool replaces;      /* all others go */
    const char *target; /* for the record */
    /* When it was put, `what` is its state by then, and `holder` the directory's epoch. */
    struct directory_outcome outcome;
};
void scim_store_put(struct scim_put *put, const char *operation);
/* Remove the entry `was`, which was seen so. A user is kept out by all their addresses from then on. */
void scim_store_delete(struct scim_put *gone, const char *operation);
