/* SPDX-License-Identifier: Apache-2.0 */
/* The custodian: the only code that sees root key, tenant keys and content keys.
 *
 * Operations are asynchronous, and only ids, wrapped rows, sealed bytes, public keys and claims pass in
 * either direction, so that a process of its own can stand behind this header. Whoever calls lends the
 * wrapped rows each time; unwrapped ones stay here, in a bounded cache, in locked memory.
 * Formats: docs/formats.md §4 to §7. Loop thread only. */
#pragma once

#include "base/arena.h"
#include "base/ids.h"
#include "base/list.h"
#include "base/secret.h"
#include "domain/values/key_purpose.h"
#include "loop/loop.h"

struct keys;
struct client_key;
struct opened_content;

enum {
    CONTENT_KEY_BYTES = 32,
    ROOT_KEY_BYTES = 32,
    KEYS_ROOTS_MAX = 4,
    KEYS_REWRAP_MAX = 64,
    KEY_SET_SIZE = 3,
    PASSCODE_DIGITS = 8
};

/* Curves by the numbers of chancery.v1.CryptoSuite. */
enum keys_suite { KEYS_P256 = 1, KEYS_P384 = 2 };

/* A tenant's key as it rests: what it is, and the bytes under a root key. Borrows. */
struct keys_ref {
    struct tenant_id tenant;
    const char *boundary;
    enum key_purpose purpose;
    uint32_t version;
    struct slice wrapped;
};

/* Takes the root key. `cache_max` bounds the unwrapped keys; 0: 4,096. */
struct keys *keys_new(struct loop *loop, struct secret *root, size_t cache_max);
/* Takes another root key, which opens; KEYS_ROOTS_MAX with the first one. */
void keys_add_root(struct keys *keys, struct secret *root);
void keys_free(struct keys *keys);

/* Forget what was unwrapped of a version, whose row has nothing to unwrap any more. */
void keys_forget(struct keys *keys, const struct keys_ref *ref);

/* Known text under the first root key. */
rc keys_make_check(struct keys *keys, struct arena *arena, struct slice *out, struct err *err);
/* Whether a known text that a database has under this version is one of ours, which has that version from then on. Before, its version is
 * a number made of the key, so that it is the same everywhere (docs/formats.md §4.2). */
bool keys_meet_root(struct keys *keys, uint32_t version, struct slice wrapped);
/* The versions of all root keys, the first one's first. */
size_t keys_root_versions(const struct keys *keys, int64_t out[KEYS_ROOTS_MAX]);
/* The wrap by which a root key was opened (docs/formats.md §4.1.1); "": the key was plain. */
struct keys_root_wrap {
    char name[64]; /* for people */
    char kid[44];  /* thumbprint of the key to which it is wrapped */
};
void keys_note_wrap(struct keys *keys, size_t root, const struct keys_root_wrap *wrap);
/* Lends. In the order of keys_root_versions. */
const struct keys_root_wrap *keys_root_wrap(const struct keys *keys, size_t root);
/* By which is wrapped: the first one, until keys_wrap_by names another. False: it is none of ours. */
bool keys_wrap_by(struct keys *keys, uint32_t version);
uint32_t keys_wraps_by(const struct keys *keys);

/* A version that leaves by an export. */
struct keys_exported {
    struct keys_ref ref;
    bool is_active; /* else it is archived */
};
struct key_export;

/* What is wrong with a customer's key. */
enum keys_flaw {
    KEYS_IMPORT_SOUND,
    KEYS_IMPORT_UNOPENED, /* it was not wrapped to this import key */
    KEYS_IMPORT_KIND,  /* of another kind, curve or length; or it does not work, or is not random */
    KEYS_IMPORT_OTHER, /* not the one of this thumbprint */
};

/* One operation, embedded in its owner. Inputs are borrowed until `done`, which comes once from the
 * loop; results lie in the arena. */
struct keys_op {
    struct keys *keys;
    struct arena *arena;
    void (*done)(struct keys_op *op);
    void *user;
    struct err err;

    /* In, for all but create_set and create_version. */
    struct keys_ref sealing;
    struct content_id content;
    struct slice
        header; /* the license's clear header: what is authenticated beside the sealed bytes */
    const struct client_key *client; /* from keys_read_client */
    /* In, for seal. A request that may come again (docs/formats.md §5): its hash, and the version of
     * the sealing key by which its content key was derived the first time. Empty: the content key is
     * random. */
    struct slice request_hash;
    struct keys_ref deriving;
    /* In, for a license that a publisher has made (docs/formats.md §6.2): the thumbprint of their key, of 32
     * bytes, and the policy's box. `sealing` is then the exchange key, `sealed` a compact JWE to it, and
     * there is no header. Empty: the authority has made it. */
    struct slice publisher, policy_box;
    /* In and out: seal makes it, open and issue take it, reseal takes one and makes another. */
    struct slice sealed;
    /* seal and reseal take it, open gives it. */
    struct slice policy;
    /* In, for reseal: the key and the clear header of the license that comes out. */
    struct keys_ref resealing;
    struct slice new_header;
    /* In, for issue, sign_passcode and sign_publisher. */
    struct keys_ref signing;
    struct slice
        claims; /* a JSON object; for issue without `cid`, `cnf` and `key`, which are added here */
    /* In, for issue: what open_content gave of this very license. NULL: it is opened here. */
    const struct opened_content *opened;
    /* In, for the one-time passcode's operations: what the code is for, and a guess at it. */
    struct uuid passcode;
    const char *address;
    struct slice guess;
    /* In, for export, with `tenant`, `boundary`, and the customer's key as `client`. */
    const struct keys_exported *exporting;
    size_t exporting_count;
    /* For make_import and import, with `tenant`, `boundary`: the import key's id, and its private half as it rests. import has
     * what create_version has beside it: what was wrapped, and the RFC 7638 thumbprint of what is expected. */
    struct uuid import;
    struct slice import_wrapped; /* make_import: out */
    struct slice imported, thumbprint;
    /* For rewrap: keys as they rest, at most KEYS_REWRAP_MAX, and the same under the root key that wraps now; empty where one does
     * not open. The array is the caller's. */
    const struct keys_ref *rewrapping;
    struct slice *rewrapped;
    size_t rewrapping_count;
    /* Out. */
    uint32_t root_version;  /* of whatever wraps: by which root key */
    const char *import_jwk; /* make_import: its public half */
    enum keys_flaw flaw;    /* import: unless it is sound, nothing was made */
    struct slice key_set;   /* export: a compact JWE of a JWK set (docs/formats.md §4.4) */
    struct slice wrapped_content_key; /* seal, reseal: a compact JWE to the client's key */
    struct slice use_license;         /* issue: a compact JWS */
    const struct opened_content *content_opened; /* open_content: lent by the arena */
    char passcode_code[PASSCODE_DIGITS + 1];     /* make_passcode; wipe it after use */
    bool is_passcode;                            /* check_passcode: the guess is the code */
    struct slice passcode_token;                 /* sign_passcode: a compact JWS */
    struct slice certificate;                    /* sign_publisher: a compact JWS */
    /* create_set; create_version, which makes set[0] of this version, and has its purpose there. */
    struct tenant_id tenant;
    const char *boundary;
    enum keys_suite suite;
    uint32_t version;
    struct {
        enum key_purpose purpose;
        struct slice wrapped;
        const char *public_jwk; /* "" for the sealing key */
    } set[KEY_SET_SIZE];

    /* Private. */
    struct key_export *export;
    struct list importing;
    struct loop_task finish, more;
};

void keys_op_init(struct keys_op *op, struct keys *keys, struct arena *arena,
                  void (*done)(struct keys_op *op), void *user);
/* Forget an operation: `done` will not come. */
void keys_op_cancel(struct keys_op *op);

/* Make a tenant's key set: sealing, exchange and signing key, version 1. */
void keys_create_set(struct keys_op *op);
/* Make one key of a set, which will be this version. */
void keys_create_version(struct keys_op *op);
/* Make a content key or derive it, seal it with the policy, and wrap it to the client's key, which
 * is remembered. */
void keys_seal(struct keys_op *op);
/* Open the content key, seal it with another policy, and wrap it to the client's key. R_LICENSE_FORGED. */
void keys_reseal(struct keys_op *op);
/* Open the policy; the content key stays here. R_LICENSE_FORGED. */
void keys_open_policy(struct keys_op *op);
/* Open the content key for whoever issues many licenses of one content at once. It stays here, and goes with the arena.
 * R_LICENSE_FORGED. */
void keys_open_content(struct keys_op *op);
/* Open the content key, wrap it to the client's key and sign the use license; the client's key is
 * remembered. R_LICENSE_FORGED. */
void keys_issue(struct keys_op *op);

/* The code of a one-time passcode (docs/formats.md §11.1): by sealing key, content, passcode and address. It is stored
 * nowhere, and the same ones give the same code. */
void keys_make_passcode(struct keys_op *op);
/* Whether `guess` is that code, in time that does not depend on how much of it is right. */
void keys_check_passcode(struct keys_op *op);
/* Sign the claims as the token of somebody who has shown a code. */
void keys_sign_passcode(struct keys_op *op);

/* Wrap keys by the root key that wraps now (docs/policy.md §13). */
void keys_rewrap(struct keys_op *op);

/* Sign the claims as a publisher certificate. */
void keys_sign_publisher(struct keys_op *op);

/* Make an import key, in a thread. R_OVERLOADED when many wait for one, or one of the same tenant does. */
void keys_make_import(struct keys_op *op);
/* Open a customer's key, look whether it is what was asked for and works, and wrap it as set[0] of this version. */
void keys_import(struct keys_op *op);
/* Encrypt versions of a tenant's keys, as they are, to the customer's key. R_KEYS_UNAVAILABLE; R_OVERLOADED while another export
 * goes on. */
void keys_export(struct keys_op *op);

/* Read and check a client's key; held by the arena. It is remembered only when something was wrapped to
 * it: until then it is anybody's. R_CLIENT_KEY_INVALID. */
rc keys_read_client(struct keys *keys, struct arena *arena, struct slice jwk,
                    const struct client_key **out, struct err *err);
