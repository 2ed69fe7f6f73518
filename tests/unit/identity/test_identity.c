/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens, good and bad; key sets inline and over real HTTPS. */
#include "chancery_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "crypto/algs.h"
#include "identity/identity.h"

enum { NOW = 1800000000 };

static struct loop *loop;
static struct identity *identity;
static struct arena *arena;
static struct jwk_private *signer, *stranger;
static struct err err;
static const char *jwks;
static const char *folder, *https;
static const char *audiences[] = {"chancery"};
static const char *algorithms[] = {"ES256"};
static const char *aliases[] = {"upn", "proxyAddresses"};
static struct issuer issuer;

static const char *jwks_of(const struct jwk_private *key)
{
    return arena_printf(arena, "{\"keys\":[%s]}",
                        jwk_public_json(arena, jwk_private_public(key), "sig", NULL));
}

static int set_up(void **state)
{
    struct identity_config config = {.allow_loopback = true, .retry_ms = 1};
    (void)state;
    assert_ok(crypto_init(NULL, &err), &err);
    folder = getenv("CHANCERY_TEST_HTTPS_FOLDER");
    https = getenv("CHANCERY_TEST_HTTPS");
    assert_non_null(folder);
    loop = loop_new();
    arena = arena_new(32 << 20);
    config.ca_file = arena_printf(arena, "%s/ca.pem", folder);
    identity = identity_new(loop, &config);
    assert_ok(jwk_private_generate(JWK_EC_P256, &signer, &err), &err);
    assert_ok(jwk_private_generate(JWK_EC_P256, &stranger, &err), &err);
    jwks = jwks_of(signer);
    issuer = (struct issuer){.tenant = {{{1}}},
                             .id = {{{2}}},
                             .boundary = "commercial",
                             .kind = ISSUER_TENANT,
                             .iss = "https://idp.contoso.com",
                             .audiences = audiences,
                             .audience_count = 1,
                             .algorithms = algorithms,
                             .algorithm_count = 1,
                             .jwks_url = "",
                             .jwks_json = jwks,
                             .claim_address = "",
                             .claim_aliases = aliases,
                             .claim_alias_count = 2,
                             .claim_groups = "groups",
                             .claim_tenant = "",
                             .claim_guest = "acct",
                             .clock_skew_s = 60,
                             .epoch = 7};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    jwk_private_free(signer);
    jwk_private_free(stranger);
    identity_free(identity);
    arena_free(arena);
    loop_free(loop);
    crypto_fini();
    return 0;
}

static void done(struct token_check *check)
{
    *(bool *)check->user = true;
    loop_stop(loop);
}

/* Peek and check as a flow does. */
static rc check_token(struct slice text, const struct issuer *row, int64_t now,
                      const struct token_claims **claims)
{
    bool finished = false;
    struct token_check check = {
        .arena = arena, .done = done, .user = &finished, .issuer = row, .now = {now}};
    TRY(token_peek(identity, arena, text, &check.token, &err));
    ENSURE(strcmp(check.token.iss, row->iss) == 0, &err, R_TOKEN_ISSUER_UNKNOWN);
    token_check_start(identity, &check);
    assert_false(finished);
    loop_run(loop);
    assert_true(finished);
    err = check.err;
    *claims = check.claims;
    return (rc){check.err.reason == R_NONE};
}

static struct slice sign_typ(const struct jwk_private *key, const char *typ, const char *payload)
{
    struct slice token;
    assert_ok(jws_sign(arena, key, typ, slice_str(payload), &token, &err), &err);
    return token;
}

static struct slice sign(const char *payload)
{
    return sign_typ(signer, "JWT", payload);
}

#define ISS "\"iss\":\"https://idp.contoso.com\""
#define GOOD ISS ",\"aud\":\"chancery\",\"exp\":1800000600,\"email\":\"Al@Contoso.com\""

static void test_good(void **state)
{
    (void)state;
    const struct token_claims *claims;
    struct slice token =
        sign("{" GOOD ",\"upn\":\"a.l@contoso.com\",\"proxyAddresses\":[\"al@contoso.de\",\"x\"],"
             "\"groups\":[\"Legal@contoso.com\"],\"email_verified\":true,\"tid\":\"t1\"}");
    for (int i = 0; i < 2; i++) { /* verified, then from the cache */
        assert_ok(check_token(token, &issuer, NOW, &claims), &err);
        assert_int_equal(claims->address_count, 3);
        assert_string_equal(claims->addresses[0], "al@contoso.com");
        assert_string_equal(claims->addresses[1], "a.l@contoso.com");
        assert_string_equal(claims->addresses[2], "al@contoso.de");
        assert_string_equal(claims->groups[0], "legal@contoso.com");
        assert_string_equal(claims->tenant, "t1");
        assert_true(claims->is_email_verified);
    }
    struct token peeked;
    assert_ok(token_peek(identity, arena, token, &peeked, &err), &err);
    assert_true(peeked.is_known);
    /* What was verified expires all the same, and another row of the issuer means another look. */
    assert_fails(check_token(token, &issuer, NOW + 660, &claims), &err, R_TOKEN_EXPIRED);
    assert_ok(check_token(token, &issuer, NOW + 659, &claims), &err);
    struct issuer changed = issuer;
    static const char *others[] = {"other"};
    changed.audiences = others;
    changed.epoch++;
    assert_fails(check_token(token, &changed, NOW, &claims), &err, R_TOKEN_AUDIENCE);
}

static void test_audience_list(void **state)
{
    (void)state;
    const struct token_claims *claims;
    assert_ok(check_token(sign("{" ISS ",\"aud\":[\"x\",\"chancery\"],\"exp\":1800000600}"),
                          &issuer, NOW, &claims),
              &err);
    assert_int_equal(claims->address_count, 0);
}

static void test_bad_payloads(void **state)
{
    (void)state;
    static const struct {
        const char *payload;
        enum reason reason;
    } cases[] = {
        {"{" ISS ",\"aud\":\"chancery\",\"exp\":1799999900}", R_TOKEN_EXPIRED},
        {"{" GOOD ",\"nbf\":1800000100}", R_TOKEN_NOT_YET_VALID},
        {"{" GOOD ",\"iat\":1800000100}", R_TOKEN_NOT_YET_VALID},
        {"{" ISS ",\"aud\":\"chancery\"}", R_TOKEN_CLAIM_INVALID},
        {"{" ISS ",\"aud\":\"chancery\",\"exp\":\"1800000600\"}", R_TOKEN_CLAIM_INVALID},
        {"{" ISS ",\"aud\":\"chancery\",\"exp\":1800000600.5}", R_TOKEN_CLAIM_INVALID},
        {"{" ISS ",\"aud\":\"chancery\",\"exp\":-1}", R_TOKEN_CLAIM_INVALID},
        {"{" ISS ",\"aud\":\"chancery\",\"exp\":9223372036854775807}", R_TOKEN_CLAIM_INVALID},
        {"{" ISS ",\"aud\":\"Chancery\",\"exp\":1800000600}", R_TOKEN_AUDIENCE},
        {"{" ISS ",\"exp\":1800000600}", R_TOKEN_AUDIENCE},
        {"{" ISS ",\"aud\":{\"chancery\":1},\"exp\":1800000600}", R_TOKEN_AUDIENCE},
        {"{" GOOD ",\"cnf\":{\"jkt\":\"x\"}}", R_TOKEN_TYPE},
        {"{" ISS ",\"aud\":\"chancery\",\"exp\":1800000600,\"email\":[\"al@contoso.com\"]}",
         R_TOKEN_CLAIM_INVALID},
        {"{" GOOD ",\"upn\":7}", R_TOKEN_CLAIM_INVALID},
        {"{\"iss\":\"https://idp.contoso.com/\",\"aud\":\"chancery\",\"exp\":1800000600}",
         R_TOKEN_ISSUER_UNKNOWN},
        {"{\"aud\":\"chancery\",\"exp\":1800000600}", R_TOKEN_CLAIM_INVALID},
        {"{\"iss\":[\"https://idp.contoso.com\"],\"exp\":1800000600}", R_TOKEN_CLAIM_INVALID},
        {"{" GOOD ",\"aud\":\"chancery\"}", R_TOKEN_MALFORMED},
        {"[]", R_TOKEN_MALFORMED},
        {"", R_TOKEN_MALFORMED},
        {"{" GOOD "} ", R_NONE},
        {"{" GOOD "}x", R_TOKEN_MALFORMED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct token_claims *claims;
        err_clear(&err);
        rc result = check_token(sign(cases[i].payload), &issuer, NOW, &claims);
        if (err.reason != cases[i].reason || result.ok != (cases[i].reason == R_NONE)) {
            fail_msg("%s: %s, not %s", cases[i].payload, reason_info(err.reason)->name,
                     reason_info(cases[i].reason)->name);
        }
    }
}

static struct slice token_of(const char *header, const char *payload)
{
    return slice_str(arena_printf(arena, "%s.%s.c2ln", base64url_dup(arena, slice_str(header)),
                                  base64url_dup(arena, slice_str(payload))));
}

static void test_bad_headers(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        enum reason reason;
    } cases[] = {
        {"{\"alg\":\"none\"}", R_TOKEN_ALGORITHM},
        {"{\"alg\":\"nOnE\"}", R_TOKEN_ALGORITHM},
        {"{\"alg\":\"HS256\"}", R_TOKEN_ALGORITHM},
        {"{\"alg\":\"RS256\"}", R_TOKEN_ALGORITHM},
        {"{\"alg\":\"ES384\"}", R_TOKEN_ALGORITHM},
        {"{\"alg\":\"ES256\",\"alg\":\"ES256\"}", R_TOKEN_MALFORMED},
        {"{\"alg\":\"ES256\",\"crit\":[\"exp\"],\"exp\":1}", R_TOKEN_MALFORMED},
        {"{\"alg\":\"ES256\",\"kid\":\"nobody\"}", R_TOKEN_KEY_UNKNOWN},
        {"{\"alg\":\"ES256\",\"kid\":7}", R_TOKEN_MALFORMED},
        {"{\"alg\":\"ES256\",\"typ\":\"dpop+jwt\"}", R_TOKEN_TYPE},
        {"{\"alg\":\"ES256\",\"typ\":\"use-license+jwt\"}", R_TOKEN_TYPE},
        {"{\"alg\":\"ES256\"}", R_TOKEN_SIGNATURE},
        {"{}", R_TOKEN_MALFORMED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct token_claims *claims;
        err_clear(&err);
        assert_false(
            check_token(token_of(cases[i].header, "{" GOOD "}"), &issuer, NOW, &claims).ok);
        if (err.reason != cases[i].reason) {
            fail_msg("%s: %s, not %s", cases[i].header, reason_info(err.reason)->name,
                     reason_info(cases[i].reason)->name);
        }
    }
}

static void test_bad_texts(void **state)
{
    (void)state;
    const struct token_claims *claims;
    char *big = arena_alloc(arena, TOKEN_BYTES_MAX + 1);
    memset(big, 'a', TOKEN_BYTES_MAX + 1);
    assert_fails(check_token(slice_of(big, TOKEN_BYTES_MAX + 1), &issuer, NOW, &claims), &err,
                 R_TOKEN_TOO_LARGE);
    static const char *const texts[] = {"",    ".",     "..",        "...",
                                        "a.b", "a.b.c", "a.b.c.d.e", "ey J.e.e"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_fails(check_token(slice_str(texts[i]), &issuer, NOW, &claims), &err,
                     R_TOKEN_MALFORMED);
    }
    /* Signed by somebody else, and a good one with one bit of its signature changed. */
    assert_false(check_token(sign_typ(stranger, "JWT", "{" GOOD "}"), &issuer, NOW, &claims).ok);
    assert_int_equal(err.reason, R_TOKEN_KEY_UNKNOWN);
    struct slice good = sign("{" GOOD ",\"jti\":\"flip\"}");
    char *flipped = arena_dup(arena, good);
    flipped[good.len - 10] = flipped[good.len - 10] == 'A' ? 'B' : 'A';
    assert_fails(check_token(slice_str(flipped), &issuer, NOW, &claims), &err, R_TOKEN_SIGNATURE);
}

static void test_inline_keys_invalid(void **state)
{
    (void)state;
    const struct token_claims *claims;
    struct issuer broken = issuer;
    static const char *const sets[] = {"{}", "{\"keys\":[]}",
                                       "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}", "x"};
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        broken.jwks_json = sets[i];
        assert_fails(check_token(sign("{" GOOD "}"), &broken, NOW, &claims), &err,
                     R_ISSUER_KEYS_INVALID);
    }
}

/* --- keys by address ---------------------------------------------------------------------------- */

static void publish(const char *text)
{
    FILE *file = fopen(arena_printf(arena, "%s/jwks.json", folder), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int requests(void)
{
    FILE *file = fopen(arena_printf(arena, "%s/requests", folder), "r");
    int lines = 0;
    for (int c; file != NULL && (c = fgetc(file)) != EOF;) {
        lines += c == '\n';
    }
    if (file != NULL) {
        fclose(file);
    }
    return lines;
}

static struct issuer remote(uint8_t id, const char *path)
{
    struct issuer row = issuer;
    row.id.u.b[1] = id;
    row.jwks_json = "";
    row.jwks_url = arena_printf(arena, "%s%s", https, path);
    return row;
}

static int left;
static void count_done(struct token_check *check)
{
    assert_int_equal(check->err.reason, R_NONE);
    if (--left == 0) {
        loop_stop(loop);
    }
}

static void test_fetch_once_for_all(void **state)
{
    (void)state;
    struct issuer row = remote(1, "/slow");
    struct token_check checks[20];
    struct token_check gone = {.arena = arena, .done = count_done, .issuer = &row, .now = {NOW}};
    publish(jwks);
    int before = requests();
    left = 20;
    for (int i = 0; i < 20; i++) {
        checks[i] =
            (struct token_check){.arena = arena, .done = count_done, .issuer = &row, .now = {NOW}};
        struct slice text = sign(arena_printf(arena, "{" GOOD ",\"jti\":\"once%d\"}", i));
        assert_ok(token_peek(identity, arena, text, &checks[i].token, &err), &err);
        token_check_start(identity, &checks[i]);
        if (i == 10) {
            assert_ok(token_peek(identity, arena, text, &gone.token, &err), &err);
            token_check_start(identity, &gone);
            token_check_cancel(&gone);
        }
    }
    loop_run(loop);
    assert_int_equal(requests() - before, 1);
}

static void test_rotation_and_outage(void **state)
{
    (void)state;
    const struct token_claims *claims;
    struct issuer row = remote(2, "/jwks.json");
    publish(jwks);
    assert_ok(check_token(sign("{" GOOD ",\"jti\":\"r1\"}"), &row, NOW, &claims), &err);
    /* A key that was not there is asked for once more. */
    publish(jwks_of(stranger));
    assert_ok(
        check_token(sign_typ(stranger, NULL, "{" GOOD ",\"jti\":\"r2\"}"), &row, NOW, &claims),
        &err);
    /* The old key is gone, for remembered tokens too. */
    assert_fails(check_token(sign("{" GOOD ",\"jti\":\"r1\"}"), &row, NOW, &claims), &err,
                 R_TOKEN_KEY_UNKNOWN);
    /* While the server gives nonsense, what we have goes on, and what we lack is said to be out of reach. */
    publish("<html>");
    assert_fails(check_token(sign("{" GOOD ",\"jti\":\"r3\"}"), &row, NOW, &claims), &err,
                 R_ISSUER_UNREACHABLE);
    assert_ok(
        check_token(sign_typ(stranger, NULL, "{" GOOD ",\"jti\":\"r4\"}"), &row, NOW, &claims),
        &err);
}

static void test_unreachable(void **state)
{
    (void)state;
    const struct token_claims *claims;
    struct issuer rows[] = {remote(3, "/absent"), remote(4, "/moved"), remote(5, "/jwks.json"),
                            remote(6, "/big")};
    publish(jwks);
    rows[2].jwks_url = "http://127.0.0.1:1/jwks.json"; /* not HTTPS */
    FILE *file = fopen(arena_printf(arena, "%s/big", folder), "w");
    for (int i = 0; i < JWKS_BYTES_MAX + 1; i++) {
        fputc(' ', file);
    }
    fclose(file);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_fails(check_token(sign(arena_printf(arena, "{" GOOD ",\"jti\":\"u%zu\"}", i)),
                                 &rows[i], NOW, &claims),
                     &err, R_ISSUER_UNREACHABLE);
    }
}

static void test_rate_limit_and_own_machine(void **state)
{
    (void)state;
    const struct token_claims *claims;
    struct identity *outer = identity;
    struct identity_config config = {.allow_loopback = true,
                                     .ca_file = arena_printf(arena, "%s/ca.pem", folder)};
    struct issuer row = remote(7, "/jwks.json");
    publish(jwks_of(signer));
    identity = identity_new(loop, &config);
    int before = requests();
    assert_ok(check_token(sign("{" GOOD "}"), &row, NOW, &claims), &err);
    for (int i = 0; i < 5; i++) { /* unknown keys don't make us hammer the issuer */
        assert_fails(check_token(sign_typ(stranger, NULL, "{" GOOD "}"), &row, NOW, &claims), &err,
                     R_TOKEN_KEY_UNKNOWN);
    }
    assert_int_equal(requests() - before, 1);
    identity_free(identity);
    config.allow_loopback = false;
    identity = identity_new(loop, &config);
    assert_fails(check_token(sign("{" GOOD "}"), &row, NOW, &claims), &err, R_ISSUER_UNREACHABLE);
    assert_int_equal(requests() - before, 1);
    identity_free(identity);
    identity = outer;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_audience_list),
        cmocka_unit_test(test_bad_payloads),
        cmocka_unit_test(test_bad_headers),
        cmocka_unit_test(test_bad_texts),
        cmocka_unit_test(test_inline_keys_invalid),
        cmocka_unit_test(test_fetch_once_for_all),
        cmocka_unit_test(test_rotation_and_outage),
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_rate_limit_and_own_machine),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
