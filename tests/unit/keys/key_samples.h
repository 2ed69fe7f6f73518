/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of keys begin with: a custodian with a root key, a client, and a sealed license. */
#pragma once

#include "chancery_test.h"

#include <stdlib.h>

#include "crypto/algs.h"
#include "keys/keys_internal.h"

static struct loop *loop;
static struct keys *keys;
static struct arena *arena;
static struct jwk_private *client;
static const char *client_jwk;
static const struct client_key *client_key;
static struct err err;

static const struct tenant_id CONTOSO = {{{1}}};
static const struct content_id CONTENT = {{{42}}};

static int set_up(void **state)
{
    (void)state;
    assert_ok(crypto_init(NULL, &err), &err);
    loop = loop_new();
    arena = arena_new(16 << 20);
    struct secret *root = secret_copy(slice_str("0123456789abcdef0123456789abcdef"));
    keys = keys_new(loop, root, 0);
    assert_ok(jwk_private_generate(JWK_EC_P256, &client, &err), &err);
    client_jwk = jwk_public_json(arena, jwk_private_public(client), NULL, NULL);
    assert_ok(keys_read_client(keys, arena, slice_str(client_jwk), &client_key, &err), &err);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    jwk_private_free(client);
    keys_free(keys);
    arena_free(arena);
    loop_free(loop);
    crypto_fini();
    return 0;
}

static void done(struct keys_op *op)
{
    *(bool *)op->user = true;
    loop_stop(loop);
}

/* Run an operation to its end; it must not end inside the call that starts it. */
static void run(struct keys_op *op, void (*start)(struct keys_op *op))
{
    bool finished = false;
    op->user = &finished;
    start(op);
    assert_false(finished);
    loop_run(loop);
    assert_true(finished);
}

/* A set of P-256 or P-384 keys, and a sealed license under it. */
struct sample {
    struct keys_op set, seal;
    struct keys_ref sealing, signing;
};

static void make(struct sample *s, enum keys_suite suite)
{
    keys_op_init(&s->set, keys, arena, done, NULL);
    s->set.tenant = CONTOSO;
    s->set.tenant.u.b[1] = (uint8_t)suite;
    s->set.tenant.u.b[2] = (uint8_t)rand(); /* past the cache of other tests */
    s->set.tenant.u.b[3] = (uint8_t)(rand() >> 8);
    s->set.boundary = "commercial";
    s->set.suite = suite;
    run(&s->set, keys_create_set);
    assert_int_equal(s->set.err.reason, R_NONE);
    s->sealing =
        (struct keys_ref){s->set.tenant, "commercial", KEY_SEALING, 1, s->set.set[0].wrapped};
    s->signing =
        (struct keys_ref){s->set.tenant, "commercial", KEY_SIGNING, 1, s->set.set[2].wrapped};
    keys_op_init(&s->seal, keys, arena, done, NULL);
    s->seal.sealing = s->sealing;
    s->seal.content = CONTENT;
    s->seal.header = slice_str("header");
    s->seal.policy = slice_str("the policy");
    s->seal.client = client_key;
    run(&s->seal, keys_seal);
    assert_int_equal(s->seal.err.reason, R_NONE);
}

static void opening(struct sample *s, struct keys_op *op)
{
    keys_op_init(op, keys, arena, done, NULL);
    op->sealing = s->sealing;
    op->signing = s->signing;
    op->content = CONTENT;
    op->header = slice_str("header");
    op->sealed = s->seal.sealed;
    op->client = client_key;
    op->claims = slice_str("{\"iss\":\"x\"}");
}
