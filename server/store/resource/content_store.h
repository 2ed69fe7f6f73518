/* SPDX-License-Identifier: Apache-2.0 */
/* Content that was protected: what is known of it, and taking it back. */
#pragma once

#include "store/audit_who.h"
#include "store/pg/store.h"

struct content_row {
    struct content_id id;
    const char *owner, *issuer;  /* normalized address, or a component's id */
    struct template_id template; /* zero: ad hoc */
    const char *display_name;
    int64_t created_at, revoked_at; /* microseconds; 0: not revoked */
    const char *const *revoked_users;
    size_t revoked_user_count;
    bool notify_owner;         /* by mail when it is opened or refused */
    bool outside_is_revoked;   /* for all readers outside of the tenant */
    int64_t amendment_version; /* 0: none */
    const char *issuer_name;   /* its component's name while there is one, else as issuer */
};

/* Find one content of a tenant. R_NOT_FOUND. */
struct content_find {
    struct store_op op;
    struct content_row row;
};
void content_store_find(struct content_find *find, struct tenant_id tenant,
                        struct content_id content);

/* Record content whose row was lost, by what its seal says: id, owner, issuer, template, display name,
 * and when it was protected as created_at. Then find it, whoever has recorded it. */
void content_store_recover(struct content_find *find, struct tenant_id tenant,
                           const struct content_row *row);

/* Contents, newest first. */
enum { CONTENT_PAGE_MAX = 200 };
struct content_list {
    struct store_op op;
    struct tenant_id tenant;
    const char *const *owners; /* normalized addresses */
    size_t owner_count;        /* 0: anybody's */
    const char *issuer;        /* with owners: only what they protected; NULL: anybody */
    struct content_id after;   /* the last one of the page before; zero: the first page */
    size_t limit;              /* 1 to CONTENT_PAGE_MAX */
    struct content_row *rows;
    size_t count;
};
void content_store_list(struct content_list *list);

/* Revoke or restore a content for everybody, for all readers outside, or for one person, by any of
 * their addresses. Recorded
 * in the same transaction. Restoring what is not revoked: R_NOT_FOUND. Revoking one person too many:
 * R_LIMIT_EXCEEDED. */
enum { REVOKED_PEOPLE_MAX = 1000 /* of one content */ };
struct content_revoke {
    struct store_op op;
    struct tenant_id tenant;
    struct content_id content;
    const char *user;   /* one of their addresses, normalized; AUDIT_WHO_OUTSIDE; NULL: everybody */
    const char *reason; /* may be "" */
    bool restore;
    struct audit_who who;
    int64_t at; /* when it was revoked, microseconds */
};
void content_store_revoke(struct content_revoke *revoke);

/* Say whether its owner is told by mail; recorded in the same transaction. R_NOT_FOUND. */
struct content_notify {
    struct store_op op;
    struct tenant_id tenant;
    struct content_id content;
    bool notify_owner;
    struct audit_who who;
};
void content_store_notify(struct content_notify *notify);
