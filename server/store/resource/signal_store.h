/* SPDX-License-Identifier: Apache-2.0 */
/* Transmitters of signals, and what they have said of people (docs/signals.md). Changes as in
 * store/resource/change.h. */
#pragma once

#include "domain/decide/decide_signal.h"
#include "store/resource/change.h"

enum {
    TRANSMITTERS_MAX = 20, /* of one tenant */
    SIGNALS_SWEPT_MAX = 1000,
    SIGNAL_TOKEN_HASH_BYTES = 32,
};

struct transmitter_row {
    struct uuid id;
    const char *iss;
    const char *const *audiences, *const *subject_issuers;
    size_t audience_count, subject_issuer_count;
    const char *jwks_url, *jwks_json; /* one is "" */
    struct slice push_token_hash;     /* SHA-256; empty: none is asked for */
    enum signal_stream stream;
    int64_t received_at, created_at; /* 0: never */
};

/* Adding one: R_ALREADY_EXISTS, R_LIMIT_EXCEEDED. Sets row->created_at. */
struct transmitter_addition {
    struct change_op change;
    struct transmitter_row row;
};
void signal_store_add(struct transmitter_addition *addition);
void signal_store_remove(struct change_op *op, struct uuid id);

struct transmitter_list {
    struct store_op op;
    struct tenant_id tenant;
    struct uuid after; /* zero: from the first */
    size_t limit;
    struct transmitter_row *rows;
    size_t count;
};
void signal_store_list(struct transmitter_list *list);

/* By the iss of a token: R_NOT_FOUND. */
struct transmitter_find {
    struct store_op op;
    struct tenant_id tenant;
    const char *iss;
    struct transmitter_row row;
    const char *boundary, *authority_url; /* where the boundary is answered for; may be "" */
    bool is_active;                       /* the tenant is */
    const char *const *domains;
    size_t domain_count;
};
void signal_store_find(struct transmitter_find *find);

/* What a token says, and that it was said: once. */
struct signal_receipt {
    struct store_op op;
    struct tenant_id tenant;
    struct audit_who who;
    struct uuid transmitter;
    uint8_t token_hash[SIGNAL_TOKEN_HASH_BYTES]; /* of iss and jti */
    enum signal_stream stream;
    const char *note; /* for the record */
    const struct signal_change *changes;
    size_t change_count;
    bool is_new; /* false: it was received before, or the transmitter is gone */
};
void signal_store_receive(struct signal_receipt *receipt);

struct signaled_row {
    struct uuid scope, transmitter;
    enum signal_name_kind kind;
    const char *name;
    struct signal_state state;
    int64_t updated_at;
};
struct signaled_list {
    struct store_op op;
    struct tenant_id tenant;
    struct uuid after_scope, after_transmitter;
    size_t limit;
    struct signaled_row *rows;
    size_t count;
};
void signal_store_list_people(struct signaled_list *list);
/* Whether anything is there: R_NOT_FOUND. */
struct signaled_find {
    struct store_op op;
    struct tenant_id tenant;
    struct uuid scope;
};
void signal_store_find_person(struct signaled_find *find);
/* R_NOT_FOUND when nothing was there. */
void signal_store_clear(struct change_op *op, enum signal_name_kind kind, const char *name);

struct signal_sweep {
    struct store_op op;
    int64_t count;
};
/* Forget tokens that would not be taken any more. */
void signal_store_sweep(struct signal_sweep *sweep);
