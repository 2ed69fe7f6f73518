/* SPDX-License-Identifier: Apache-2.0 */
/* One-time passcodes and the mails in which they are sent (docs/policy.md §9). No code is ever stored. */
#pragma once

#include "store/audit_who.h"
#include "store/pg/store.h"
#include "store/resource/mail_state.h"

enum {
    PASSCODE_LASTS_S = 15 * 60,
    PASSCODE_TRIES_MAX = 5,
    PASSCODE_KEPT_S =
        24 * 60 * 60, /* a row, for the limits and for whoever looks into what happened */
    /* Started within an hour, of one tenant's content. */
    PASSCODES_OF_ADDRESS_MAX = 10,
    PASSCODES_OF_ADDRESS_AND_NETWORK_MAX = 4, /* so that no stranger uses up an address's */
    PASSCODES_OF_CONTENT_MAX = 2000,
    PASSCODES_OF_NETWORK_MAX = 200,
    PASSCODES_OF_PORTAL_MAX = 20000,
    PASSCODES_OF_TENANT_MAX = 5000, /* in the time that one lasts, mailed or not */
};

/* Start one, or find the one that this request has started. R_PASSCODE_LIMIT, R_PASSCODE_QUEUE_FULL, R_REQUEST_ID_REUSED;
 * recorded in any case. */
struct passcode_start {
    struct store_op op;
    struct tenant_id tenant;
    struct uuid passcode; /* in and out: that of one that was started before */
    struct content_id content;
    struct template_id template; /* zero: ad hoc */
    const char *address, *network, *language;
    const char *reference; /* in and out, likewise */
    struct component_id portal;
    struct uuid request;  /* zero: none */
    uint32_t key_version; /* of the sealing key from which the code is derived */
    bool is_nobodys;      /* nothing is mailed */
    const char *target;   /* of the record, if it is started */
    struct audit_who who;
    int64_t expires_at; /* out: microseconds, by the database's clock */
};
void passcode_store_start(struct passcode_start *start);

/* What a passcode is for, if this portal has started it; R_NOT_FOUND. */
struct passcode_find {
    struct store_op op;
    struct tenant_id tenant;
    struct content_id content;
    const char *address;
    uint32_t key_version;
};
void passcode_store_find(struct passcode_find *find, struct uuid passcode,
                         struct component_id portal);

/* Count a try. R_NONE: the passcode is used up now. R_PASSCODE_WRONG, R_PASSCODE_ENDED. Recorded in any case. */
struct passcode_try {
    struct store_op op;
    struct tenant_id tenant;
    struct uuid passcode;
    struct content_id content;
    const char *address;
    bool is_right; /* the code is */
    struct audit_who who;
};
void passcode_store_try(struct passcode_try *try);

/* Take mails that are due: nobody else does until the lease ends. */
struct passcode_mail_row {
    struct uuid passcode;
    struct tenant_id tenant;
    const char *boundary;
    struct content_id content;
    const char *address, *reference, *language;
    uint32_t key_version;
    struct slice wrapped; /* that key */
    bool is_nobodys;      /* not to be sent */
    bool is_over;         /* the code counts no longer */
    uint32_t tries;       /* this one included */
};
struct passcode_mail_claim {
    struct store_op op;
    struct passcode_mail_row *rows;
    size_t count;
};
/* `served`: boundaries, NULL-terminated; empty: all. */
void passcode_store_claim_mails(struct passcode_mail_claim *claim, const char *const *served,
                                size_t max, int32_t lease_s);

/* What has become of a mail; recorded when that is its end. `wait_s`: until it is tried again. Copies nothing: the
 * texts live until the operation is done. */
void passcode_store_settle_mail(struct store_op *op, struct uuid passcode, enum mail_state state,
                                int32_t wait_s, enum reason reason, const char *target);

/* Forget passcodes that are too old, at most PASSCODES_SWEPT_MAX at once. */
enum { PASSCODES_SWEPT_MAX = 5000 };
struct passcode_sweep {
    struct store_op op;
    int64_t count; /* that many were forgotten */
};
void passcode_store_sweep(struct passcode_sweep *sweep);
