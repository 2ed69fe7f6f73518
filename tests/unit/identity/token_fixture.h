/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of tokens share: an issuer with inline keys, a signer and a stranger, and one way to check a token as
 * a flow does. */
#pragma once

#include "chancery_test.h"

#include "identity/identity.h"

enum { NOW = 1800000000 };

struct fixture {
    struct loop *loop;
    struct identity *identity;
    struct arena *arena;
    struct jwk_private *signer, *stranger;
    struct err err;
    const char *jwks;           /* with the signer's key */
    const char *folder, *https; /* of tests/support/jwks_server.py */
    struct issuer issuer;       /* https://idp.contoso.com */
};
extern struct fixture f;

int fixture_set_up(void **state);
int fixture_tear_down(void **state);

/* A set with one key; `members` are put into it: ",\"issuer\":\"…\"". */
const char *jwks_of(const struct jwk_private *key, const char *members);
/* Sign a payload; typ may be NULL. */
struct slice sign_by(const struct jwk_private *key, const char *typ, const char *payload);
struct slice sign(const char *payload);
/* Peek and check, and remember what is good; fills f.err. */
rc check_token(struct slice text, const struct issuer *row, int64_t now,
               const struct token_claims **claims);
/* Keep the loop running for so long. */
void run_for(int64_t ms);

#define ISS "\"iss\":\"https://idp.contoso.com\""
#define GOOD ISS ",\"aud\":\"chancery\",\"exp\":1800000600,\"email\":\"Al@Contoso.com\""
#define THUMB "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA" /* some 32 bytes */
