/* SPDX-License-Identifier: Apache-2.0 */
/* Identity tokens: from the text to what it claims, under RFC 8725.
 *
 * Who registered which issuer is the caller's to look up: token_peek says whose token it claims to be,
 * token_check verifies it against that issuer's row. Keys are fetched over HTTPS once per issuer,
 * whoever waits, and tokens that turned out to speak for somebody are remembered by their hash until they
 * expire. Loop thread only. */
#pragma once

#include "base/arena.h"
#include "crypto/jws.h"
#include "domain/values/issuer.h"
#include "domain/values/token_claims.h"
#include "loop/loop.h"

enum { TOKEN_BYTES_MAX = 16 * 1024 };

struct dns;
struct identity;
struct key_set;

struct identity_config {
    const char *ca_file;       /* PEM bundle for JWKS addresses; NULL: the system's */
    bool allow_loopback;       /* fetch JWKS from this machine too; tests and `chancery dev` */
    bool allow_private;        /* and from private networks, for identity providers inside */
    size_t tokens_max;         /* remembered tokens, within 64 MiB; 0: 65,536 */
    int64_t keys_lifetime_ms;  /* keys are fetched again after this; 0: 1 h */
    int64_t keys_stale_max_ms; /* and used at most so long when that fails; 0: 24 h */
    int64_t fetch_timeout_ms;  /* for one answer, whole; 0: 5 s */
    int64_t retry_ms;          /* least time between two fetches for one issuer; 0: 30 s */
    struct dns *dns;           /* by which JWKS addresses are looked up; borrows */
};

struct identity *identity_new(struct loop *loop, const struct identity_config *config);
/* All checks must be done or canceled. */
void identity_free(struct identity *identity);

/* A token taken apart, nothing verified. Points into the text and the arena. */
struct token {
    struct slice text;
    uint8_t hash[32];
    const char *iss;
    bool is_known; /* verified before: only its hash was looked at */
    struct jws jws;
    void *payload; /* json_t; NULL when known */
};

/* Take a token apart far enough to ask whose it is. R_TOKEN_TOO_LARGE, R_TOKEN_MALFORMED,
 * R_TOKEN_ALGORITHM, R_TOKEN_CLAIM_INVALID. */
rc token_peek(struct identity *identity, struct arena *arena, struct slice text, struct token *out,
              struct err *err);

/* One verification, embedded in its owner. `done` comes once, from the loop. */
struct token_check {
    struct arena *arena;
    void (*done)(struct token_check *check);
    void *user;
    struct token token;          /* from token_peek */
    const struct issuer *issuer; /* the row of token.iss; lives until `done` */
    struct unix_time now;
    bool is_test;           /* verify anew, whatever is remembered, and remember nothing */
    enum token_stage stage; /* the check that was begun last: what `err` is about */
    struct err err;
    const char
        *keys_problem; /* of a test: why the issuer's keys can't be had, in the arena; or NULL */
    bool
        are_keys_resting; /* with R_TOKEN_KEY_UNKNOWN: they were asked for just now, and may be again soon */
    const struct token_claims *claims; /* in the arena; set when err.reason is R_NONE */
    /* Private. */
    struct identity *identity;
    struct list waiting; /* for a fetch of keys */
    bool has_waited;
    bool is_remembered;  /* the claims are those of the cache */
    uint64_t generation; /* of the keys by which it was verified */
    struct loop_task go;
};

/* R_TOKEN_*, R_ISSUER_UNREACHABLE, R_ISSUER_KEYS_INVALID. */
void token_check_start(struct identity *identity, struct token_check *check);
/* Remember a token that was found good, by whoever has found that it speaks for somebody, and for whom: that
 * owner's share of what is remembered it takes. A test is not remembered. */
void token_check_remember(struct token_check *check, struct uuid owner);
/* Forget a check: `done` will not come. */
void token_check_cancel(struct token_check *check);
