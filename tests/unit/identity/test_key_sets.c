/* SPDX-License-Identifier: Apache-2.0 */
/* Issuers' keys over real HTTPS: fetched once, rotated, taken back, broken in every way, and away for long. */
#include "token_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/jwk.h"
#include "obs/metrics.h"

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(arena_printf(f.arena, "%s/%s", f.folder, name), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void publish(const char *text)
{
    write_file("jwks.json", text);
}

static int requests(void)
{
    FILE *file = fopen(arena_printf(f.arena, "%s/requests", f.folder), "r");
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
    struct issuer row = f.issuer;
    row.id.u.b[1] = id;
    row.jwks_json = "";
    row.jwks_url = arena_printf(f.arena, "%s%s", f.https, path);
    return row;
}

static int left;
static void count_done(struct token_check *check)
{
    assert_int_equal(check->err.reason, R_NONE);
    if (--left == 0) {
        loop_stop(f.loop);
    }
}

static void test_fetch_once_for_all(void **state)
{
    (void)state;
    struct issuer row = remote(1, "/slow");
    struct token_check checks[20];
    struct token_check gone = {.arena = f.arena, .done = count_done, .issuer = &row, .now = {NOW}};
    publish(f.jwks);
    int before = requests();
    left = 20;
    for (int i = 0; i < 20; i++) {
        checks[i] = (struct token_check){
            .arena = f.arena, .done = count_done, .issuer = &row, .now = {NOW}};
        struct slice text = sign(arena_printf(f.arena, "{" GOOD ",\"jti\":\"once%d\"}", i));
        assert_ok(token_peek(f.identity, f.arena, text, &checks[i].token, &f.err), &f.err);
        token_check_start(f.identity, &checks[i]);
        if (i == 10) {
            assert_ok(token_peek(f.identity, f.arena, text, &gone.token, &f.err), &f.err);
            token_check_start(f.identity, &gone);
            token_check_cancel(&gone);
        }
    }
    loop_run(f.loop);
    assert_int_equal(requests() - before, 1);
}

static void test_rotation_and_outage(void **state)
{
    (void)state;
    const struct token_claims *claims;
    struct issuer row = remote(2, "/jwks.json");
    publish(f.jwks);
    assert_ok(check_token(sign("{" GOOD ",\"jti\":\"r1\"}"), &row, NOW, &claims), &f.err);
    /* A key that was not there is asked for once more. */
    publish(jwks_of(f.stranger, ""));
    assert_ok(
        check_token(sign_by(f.stranger, NULL, "{" GOOD ",\"jti\":\"r2\"}"), &row, NOW, &claims),
        &f.err);
    /* The old key is gone, for remembered tokens too. */
    assert_fails(check_token(sign("{" GOOD ",\"jti\":\"r1\"}"), &row, NOW, &claims), &f.err,
                 R_TOKEN_KEY_UNKNOWN);
    /* While the server gives nonsense, what we have goes on, and what we lack can't be had. */
    publish("<html>");
    assert_fails(check_token(sign("{" GOOD ",\"jti\":\"r3\"}"), &row, NOW, &claims), &f.err,
                 R_ISSUER_KEYS_INVALID);
    assert_ok(
        check_token(sign_by(f.stranger, NULL, "{" GOOD ",\"jti\":\"r4\"}"), &row, NOW, &claims),
        &f.err);
}

static struct slice token_with(const char *jti)
{
    return sign(arena_printf(f.arena, "{" GOOD ",\"jti\":\"%s\"}", jti));
}

/* A set with two keys under the signer's kid. */
static const char *jwks_of_two(const struct jwk_private *one, const struct jwk_private *two)
{
    const char *kid = jwk_kid(jwk_private_public(f.signer));
    const char *a = jwk_public_json(f.arena, jwk_private_public(one), NULL, NULL);
    const char *b = jwk_public_json(f.arena, jwk_private_public(two), NULL, NULL);
    int cut_a = (int)(strstr(a, "\"kid\"") - a), cut_b = (int)(strstr(b, "\"kid\"") - b);
    return arena_printf(f.arena,
                        "{\"keys\":[{\"kty\":null},null,%.*s\"kid\":\"%s\",\"use\":\"enc\"},"
                        "%.*s\"kid\":\"%s\"},%.*s\"kid\":\"%s\"}]}",
                        cut_a, a, kid, cut_a, a, kid, cut_b, b, kid);
}

/* Whichever of the keys under its kid has signed, and what else stands in the set. */
static void keys_share_a_kid(void **state)
{
    (void)state;
    const struct token_claims *claims;
    publish(jwks_of_two(f.stranger, f.signer));
    struct issuer row = remote(80, "/jwks.json");
    assert_ok(check_token(token_with("shared 1"), &row, NOW, &claims), &f.err);
    publish(jwks_of_two(f.signer, f.stranger));
    row = remote(81, "/jwks.json");
    assert_ok(check_token(token_with("shared 2"), &row, NOW, &claims), &f.err);
    struct slice forged = token_with("forged");
    char *flipped = arena_dup(f.arena, forged);
    flipped[forged.len - 10] = flipped[forged.len - 10] == 'A' ? 'B' : 'A';
    assert_fails(check_token(slice_str(flipped), &row, NOW, &claims), &f.err, R_TOKEN_SIGNATURE);
}

/* The issuer has changed the key and not its name. */
static void a_new_key_comes_under_the_old_kid(void **state)
{
    (void)state;
    const struct token_claims *claims;
    struct issuer row = remote(82, "/jwks.json");
    publish(jwks_of_two(f.stranger, f.stranger));
    assert_fails(check_token(token_with("too early"), &row, NOW, &claims), &f.err,
                 R_TOKEN_SIGNATURE);
    publish(jwks_of_two(f.signer, f.signer));
    run_for(2);
    assert_ok(check_token(token_with("renewed"), &row, NOW, &claims), &f.err);
}

/* Forged tokens make us ask as seldom as unknown keys, and to what comes again nobody's token is verified anew. */
static void forged_tokens_ask_seldom(void **state)
{
    (void)state;
    const struct token_claims *claims;
    struct issuer row = remote(83, "/jwks.json");
    struct identity_config config = {
        .allow_loopback = true,
        .ca_file = arena_printf(f.arena, "%s/ca.pem", f.folder),
        .retry_ms = 200,
    };
    struct identity *outer = f.identity;
    struct slice good = token_with("good"), forged = token_with("forged too");
    char *flipped = arena_dup(f.arena, forged);
    flipped[forged.len - 10] = flipped[forged.len - 10] == 'A' ? 'B' : 'A';
    f.identity = identity_new(f.loop, &config);
    publish(f.jwks);
    int before = requests();
    assert_ok(check_token(good, &row, NOW, &claims), &f.err);
    for (int i = 0; i < 10; i++) {
        assert_fails(check_token(slice_str(flipped), &row, NOW, &claims), &f.err,
                     R_TOKEN_SIGNATURE);
    }
    assert_int_equal(requests() - before, 1);
    run_for(250);
    assert_fails(check_token(slice_str(flipped), &row, NOW, &claims), &f.err, R_TOKEN_SIGNATURE);
    assert_int_equal(requests() - before, 2);
    int64_t cached = metric_value(M_TOKENS, "cached", NULL);
    assert_ok(check_token(good, &row, NOW, &claims), &f.err);
    assert_int_equal(metric_value(M_TOKENS, "cached", NULL), cached + 1);
    identity_free(f.identity);
    f.identity = outer;
}

static void run_gzip(const char *name, const char *text)
{
    write_file(name, text);
    assert_int_equal(system(arena_printf(f.arena, "gzip -nf %s/%s", f.folder, name)), 0);
}

/* Sent compressed, whether asked for or not; with a byte order mark; and a bomb. */
static void sets_come_in_other_clothes(void **state)
{
    (void)state;
    const struct token_claims *claims;
    struct issuer rows[] = {remote(90, "/zipped.gz"), remote(91, "/marked"), remote(92, "/bomb.gz"),
                            remote(93, "/torn.gz")};
    run_gzip("zipped", f.jwks);
    write_file("marked", arena_printf(f.arena, "\xef\xbb\xbf%s", f.jwks));
    char *zeros = arena_zalloc(f.arena, 16 << 20);
    memset(zeros, ' ', (16 << 20) - 1);
    run_gzip("bomb", zeros);
    write_file("torn.gz", "\x1f\x8b\x08");
    assert_ok(check_token(token_with("zipped"), &rows[0], NOW, &claims), &f.err);
    assert_ok(check_token(token_with("marked"), &rows[1], NOW, &claims), &f.err);
    assert_fails(check_token(token_with("bomb"), &rows[2], NOW, &claims), &f.err,
                 R_ISSUER_UNREACHABLE);
    assert_false(check_token(token_with("torn"), &rows[3], NOW, &claims).ok);
}

static void test_unreachable(void **state)
{
    (void)state;
    const struct token_claims *claims;
    struct issuer rows[] = {remote(3, "/absent"), remote(4, "/moved"), remote(5, "/jwks.json"),
                            remote(6, "/big")};
    publish(f.jwks);
    rows[2].jwks_url = "http://127.0.0.1:1/jwks.json"; /* not HTTPS */
    FILE *file = fopen(arena_printf(f.arena, "%s/big", f.folder), "w");
    for (int i = 0; i < JWKS_BYTES_MAX + 1; i++) {
        fputc(' ', file);
    }
    fclose(file);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_fails(check_token(sign(arena_printf(f.arena, "{" GOOD ",\"jti\":\"u%zu\"}", i)),
                                 &rows[i], NOW, &claims),
                     &f.err, R_ISSUER_UNREACHABLE);
    }
}

/* Exchange the identity for one with another configuration; the old one comes back by its own hand. */
static struct identity *configured(struct identity_config config)
{
    struct identity *outer = f.identity;
    config.ca_file = arena_printf(f.arena, "%s/ca.pem", f.folder);
    f.identity = identity_new(f.loop, &config);
    return outer;
}

static void restore(struct identity *outer)
{
    identity_free(f.identity);
    f.identity = outer;
}

static void test_rate_limit_and_own_machine(void **state)
{
    (void)state;
    const struct token_claims *claims;
    struct issuer row = remote(7, "/jwks.json");
    publish(f.jwks);
    struct identity *outer = configured((struct identity_config){.allow_loopback = true});
    int before = requests();
    assert_ok(check_token(sign("{" GOOD "}"), &row, NOW, &claims), &f.err);
    for (int i = 0; i < 5; i++) { /* unknown keys don't make us hammer the issuer */
        assert_fails(check_token(sign_by(f.stranger, NULL, "{" GOOD "}"), &row, NOW, &claims),
                     &f.err, R_TOKEN_KEY_UNKNOWN);
    }
    assert_int_equal(requests() - before, 1);
    restore(outer);
    outer = configured((struct identity_config){.allow_loopback = false});
    assert_fails(check_token(sign("{" GOOD "}"), &row, NOW, &claims), &f.err, R_ISSUER_UNREACHABLE);
    assert_int_equal(requests() - before, 1);
    restore(outer);
}

/* A broken document is no key set: nothing is believed by it, and nothing is forgotten for it. */
static void test_broken_documents(void **state)
{
    (void)state;
    const struct token_claims *claims;
    const char *key = jwk_public_json(f.arena, jwk_private_public(f.signer), "sig", NULL);
    const char *const documents[] = {
        "",
        " ",
        "null",
        "[]",
        "{",
        "{}",
        "<html>sign in</html>",
        "{\"keys\":[]}",
        "{\"keys\":{}}",
        "{\"keys\":[7]}",
        "{\"keys\":[{\"kty\":\"RSA\"}]}",
        "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}",
        "{\"keys\":[null,{}]}",
        arena_printf(f.arena, "{\"keys\":[%s]}trailing", key),
        arena_printf(f.arena, "{\"keys\":[%s,{\"kty\":\"oct\",\"k\":\"AAAA\"}]}", key),
        arena_printf(f.arena, "{\"keys\":[],\"keys\":[%s]}", key),
    };
    struct issuer known = remote(20, "/jwks.json");
    publish(jwks_of(f.stranger, ""));
    assert_ok(check_token(sign_by(f.stranger, NULL, "{" GOOD "}"), &known, NOW, &claims), &f.err);
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        struct issuer fresh = remote((uint8_t)(21 + i), "/jwks.json");
        struct slice token = sign(arena_printf(f.arena, "{" GOOD ",\"jti\":\"b%zu\"}", i));
        publish(documents[i]);
        run_for(2); /* longer than retry_ms */
        assert_fails(check_token(token, &fresh, NOW, &claims), &f.err, R_ISSUER_KEYS_INVALID);
        assert_fails(check_token(token, &known, NOW, &claims), &f.err, R_ISSUER_KEYS_INVALID);
        assert_ok(check_token(sign_by(f.stranger, NULL,
                                      arena_printf(f.arena, "{" GOOD ",\"jti\":\"k%zu\"}", i)),
                              &known, NOW, &claims),
                  &f.err);
    }
    publish(f.jwks);
    run_for(2);
    assert_ok(check_token(sign("{" GOOD ",\"jti\":\"mended\"}"), &known, NOW, &claims), &f.err);
}

/* A server that does not come to an end costs a bounded time and amount of memory. */
static void test_servers_without_end(void **state)
{
    (void)state;
    const struct token_claims *claims;
    struct issuer rows[] = {remote(50, "/stall"), remote(51, "/endless"), remote(52, "/cut.json")};
    struct identity *outer = configured(
        (struct identity_config){.allow_loopback = true, .retry_ms = 1, .fetch_timeout_ms = 200});
    write_file("cut.json", f.jwks);
    int64_t start = clock_mono().ns;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_fails(check_token(sign("{" GOOD "}"), &rows[i], NOW, &claims), &f.err,
                     R_ISSUER_UNREACHABLE);
    }
    assert_true(clock_mono().ns - start < 3000000000);
    restore(outer);
}

/* A key that its issuer takes back is believed no longer than keys live, by remembered tokens neither. */
static void test_a_key_is_taken_back(void **state)
{
    (void)state;
    const struct token_claims *claims;
    struct issuer row = remote(60, "/jwks.json");
    struct slice token = sign("{" GOOD ",\"jti\":\"taken back\"}");
    struct identity *outer = configured(
        (struct identity_config){.allow_loopback = true, .retry_ms = 1, .keys_lifetime_ms = 100});
    publish(f.jwks);
    assert_ok(check_token(token, &row, NOW, &claims), &f.err);
    publish(jwks_of(f.stranger, ""));
    assert_ok(check_token(token, &row, NOW, &claims), &f.err);
    run_for(150);
    assert_ok(check_token(token, &row, NOW, &claims), &f.err); /* and asks in the background */
    run_for(300);
    assert_fails(check_token(token, &row, NOW, &claims), &f.err, R_TOKEN_KEY_UNKNOWN);
    restore(outer);
}

/* An issuer that is down: its keys serve on for a stated time and no longer, and come back with it. */
static void test_down_for_a_day(void **state)
{
    (void)state;
    const struct token_claims *claims;
    struct issuer row = remote(61, "/jwks.json");
    struct slice known = sign("{" GOOD ",\"jti\":\"known\"}");
    struct identity *outer = configured((struct identity_config){
        .allow_loopback = true, .retry_ms = 1, .keys_lifetime_ms = 50, .keys_stale_max_ms = 400});
    publish(f.jwks);
    assert_ok(check_token(known, &row, NOW, &claims), &f.err);
    assert_int_equal(remove(arena_printf(f.arena, "%s/jwks.json", f.folder)), 0);
    for (int i = 0; i < 3; i++) {
        run_for(80);
        assert_ok(check_token(sign(arena_printf(f.arena, "{" GOOD ",\"jti\":\"d%d\"}", i)), &row,
                              NOW, &claims),
                  &f.err);
    }
    run_for(400);
    assert_fails(check_token(sign("{" GOOD ",\"jti\":\"late\"}"), &row, NOW, &claims), &f.err,
                 R_ISSUER_UNREACHABLE);
    assert_fails(check_token(known, &row, NOW, &claims), &f.err, R_ISSUER_UNREACHABLE);
    int64_t age = metric_value(M_ISSUER_KEYS_AGE, NULL, NULL);
    run_for(100);
    assert_fails(check_token(known, &row, NOW, &claims), &f.err, R_ISSUER_UNREACHABLE);
    assert_true(metric_value(M_ISSUER_KEYS_AGE, NULL, NULL) >= age + 100000000);
    publish(f.jwks);
    run_for(2);
    assert_ok(check_token(known, &row, NOW, &claims), &f.err);
    restore(outer);
}

/* An issuer whose keys never came is as old a problem as it is asked for. */
static void test_keys_that_never_came(void **state)
{
    (void)state;
    const struct token_claims *claims;
    struct issuer row = remote(62, "/absent");
    struct identity *outer =
        configured((struct identity_config){.allow_loopback = true, .retry_ms = 1});
    for (int i = 0; i < 2; i++) {
        assert_fails(check_token(token_with("never"), &row, NOW, &claims), &f.err,
                     R_ISSUER_UNREACHABLE);
        run_for(i == 0 ? 200 : 0);
    }
    int64_t age = metric_value(M_ISSUER_KEYS_AGE, NULL, NULL);
    assert_in_range(age, 200000000, 5000000000);
    restore(outer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fetch_once_for_all),
        cmocka_unit_test(test_rotation_and_outage),
        cmocka_unit_test(keys_share_a_kid),
        cmocka_unit_test(a_new_key_comes_under_the_old_kid),
        cmocka_unit_test(forged_tokens_ask_seldom),
        cmocka_unit_test(sets_come_in_other_clothes),
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_rate_limit_and_own_machine),
        cmocka_unit_test(test_broken_documents),
        cmocka_unit_test(test_servers_without_end),
        cmocka_unit_test(test_a_key_is_taken_back),
        cmocka_unit_test(test_down_for_a_day),
        cmocka_unit_test(test_keys_that_never_came),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
