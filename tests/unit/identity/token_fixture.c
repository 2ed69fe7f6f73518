/* SPDX-License-Identifier: Apache-2.0 */
#include "token_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/algs.h"

struct fixture f;

static const char *audiences[] = {"chancery"};
static const char *algorithms[] = {"ES256"};
static const char *aliases[] = {"upn", "proxyAddresses"};

const char *jwks_of(const struct jwk_private *key, const char *members)
{
    const char *json = jwk_public_json(f.arena, jwk_private_public(key), "sig", NULL);
    return arena_printf(f.arena, "{\"keys\":[%.*s%s}]}", (int)strlen(json) - 1, json, members);
}

int fixture_set_up(void **state)
{
    struct identity_config config = {.allow_loopback = true, .retry_ms = 1};
    (void)state;
    f = (struct fixture){.folder = getenv("CHANCERY_TEST_HTTPS_FOLDER"),
                         .https = getenv("CHANCERY_TEST_HTTPS")};
    assert_ok(crypto_init(NULL, &f.err), &f.err);
    assert_non_null(f.folder);
    f.loop = loop_new();
    f.arena = arena_new(64 << 20);
    config.ca_file = arena_printf(f.arena, "%s/ca.pem", f.folder);
    f.identity = identity_new(f.loop, &config);
    assert_ok(jwk_private_generate(JWK_EC_P256, &f.signer, &f.err), &f.err);
    assert_ok(jwk_private_generate(JWK_EC_P256, &f.stranger, &f.err), &f.err);
    f.jwks = jwks_of(f.signer, "");
    f.issuer = (struct issuer){.tenant = {{{1}}},
                               .id = {{{2}}},
                               .boundary = "commercial",
                               .kind = ISSUER_TENANT,
                               .iss = "https://idp.contoso.com",
                               .audiences = audiences,
                               .audience_count = 1,
                               .algorithms = algorithms,
                               .algorithm_count = 1,
                               .jwks_url = "",
                               .jwks_json = f.jwks,
                               .claim_address = "",
                               .claim_verified = "",
                               .claim_aliases = aliases,
                               .claim_alias_count = 2,
                               .claim_groups = "groups",
                               .claim_tenant = "",
                               .claim_guest = "acct",
                               .clock_skew_s = 60,
                               .epoch = 7};
    return 0;
}

int fixture_tear_down(void **state)
{
    (void)state;
    jwk_private_free(f.signer);
    jwk_private_free(f.stranger);
    identity_free(f.identity);
    arena_free(f.arena);
    loop_free(f.loop);
    crypto_fini();
    return 0;
}

static void done(struct token_check *check)
{
    *(bool *)check->user = true;
    loop_stop(f.loop);
}

rc check_token(struct slice text, const struct issuer *row, int64_t now,
               const struct token_claims **claims)
{
    bool finished = false;
    struct token_check check = {
        .arena = f.arena, .done = done, .user = &finished, .issuer = row, .now = {now}};
    TRY(token_peek(f.identity, f.arena, text, &check.token, &f.err));
    token_check_start(f.identity, &check);
    assert_false(finished);
    loop_run(f.loop);
    assert_true(finished);
    f.err = check.err;
    *claims = check.claims;
    if (check.err.reason == R_NONE) {
        token_check_remember(&check, row->tenant.u);
    }
    return (rc){check.err.reason == R_NONE};
}

struct slice sign_by(const struct jwk_private *key, const char *typ, const char *payload)
{
    struct slice token;
    assert_ok(jws_sign(f.arena, key, typ, slice_str(payload), &token, &f.err), &f.err);
    return token;
}

struct slice sign(const char *payload)
{
    return sign_by(f.signer, "JWT", payload);
}

static void fire(struct loop_timer *timer)
{
    loop_stop(timer->loop);
}

void run_for(int64_t ms)
{
    struct loop_timer timer;
    loop_timer_init(&timer, f.loop, fire);
    loop_timer_arm(&timer, ms);
    loop_run(f.loop);
    loop_timer_fini(&timer);
}
