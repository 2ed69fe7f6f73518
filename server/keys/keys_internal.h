/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/keys only. */
#pragma once

#include "base/hashmap.h"
#include "crypto/aead.h"
#include "crypto/jwk.h"
#include "keys/keys.h"

struct root_key {
    struct secret *secret;
    uint32_t version;
    struct keys_root_wrap opened_by;
};

struct keys {
    struct loop *loop;
    struct root_key roots[KEYS_ROOTS_MAX];
    size_t root_count, wraps;   /* wraps: the index of the one that does */
    struct hashmap *cache;      /* what a wrapped row is → struct unwrapped */
    struct import_maker *maker; /* NULL: no import key is being made */
    struct secret *spare;       /* an import key that nobody waited for any more; NULL: none */
    struct list importing;      /* operations that wait for one */
    struct keys_op *exports;    /* the one that does; NULL: none */
    struct hashmap *clients; /* a client's JWK as it came → struct client_key: clients come again */
};

enum { KEY_SEAL_BYTES = AEAD_NONCE_BYTES + AEAD_TAG_BYTES };

/* A tenant key, ready for use. */
struct unwrapped {
    uint8_t seal[KEY_SEAL_BYTES]; /* of the row that it was wrapped in */
    struct secret *raw;           /* sealing key */
    struct jwk_private *private;  /* exchange or signing key */
};

/* A client's key; counted, because calls hold it while the cache forgets it. */
struct client_key {
    struct jwk_public *key;
    size_t references;
    bool is_kept; /* in the cache */
    size_t len;
    uint8_t jwk[]; /* as it came */
};

/* Remember it for the next call, in the share of the tenant whose content was wrapped to it. */
void client_key_remember(struct keys *keys, const struct client_key *client,
                         struct tenant_id tenant);
/* What the cache does with one that it forgets. */
void client_key_forget(void *value);

/* The unwrapped key of a row, from the cache or by a root key. R_KEYS_UNAVAILABLE when the row is
 * not ours: a wrong boundary, tenant, purpose or version, or damaged. Lends until the next call. */
rc key_unwrap(struct keys *keys, const struct keys_ref *ref, const struct unwrapped **out,
              struct err *err);
/* The same without the cache: what stands in the row. */
rc key_decrypt(struct keys *keys, struct arena *arena, const struct keys_ref *ref,
               struct secret **out, struct err *err);
/* Wrap a key's bytes under a root key. */
rc key_wrap_by(const struct root_key *root, struct arena *arena, const struct keys_ref *ref,
               const struct secret *key, struct slice *out, struct err *err);
/* Under the one that wraps now, for an operation, which says which. */
rc key_wrap(struct keys_op *op, const struct keys_ref *ref, const struct secret *key,
            struct slice *out);
/* What stands in a row that this root key has wrapped. False: it hasn't. */
bool key_open_by(const struct root_key *root, struct arena *arena, const struct keys_ref *ref,
                 struct secret **out);
void unwrapped_free(void *value);
/* The JWK that is published of an exchange or signing key. NULL over budget. */
const char *key_public_text(struct keys_op *op, enum key_purpose purpose,
                            const struct jwk_public *key);
/* Before the custodian goes. */
void import_end(struct keys *keys);
/* An export is over, or given up: nothing in clear is left of it. */
void export_end(struct keys_op *op);
/* An operation is over: count it, and tell its owner from the loop. */
void keys_report(struct keys_op *op, const char *operation, rc result);

/* Of a license that a publisher has made (publishers.c): its content key, and its policy. R_LICENSE_FORGED when it is
 * another publisher's, or was changed. */
rc offline_open_key(struct keys_op *op, struct secret **out);
rc offline_open_policy(struct keys_op *op);
