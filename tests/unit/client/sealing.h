/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of sealed contents need: a content key and another one, and memory. For cmocka's group. */
#pragma once

#include "chancery_test.h"

#include "base/secret.h"
#include "crypto/algs.h"

static struct arena *arena;
static struct secret *key, *other_key;
static struct err err;

static int set_up(void **state)
{
    (void)state;
    assert_ok(crypto_init(NULL, &err), &err);
    arena = arena_new(64 << 20);
    key = secret_random(32);
    other_key = secret_random(32);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    secret_free(key);
    secret_free(other_key);
    arena_free(arena);
    crypto_fini();
    return 0;
}
