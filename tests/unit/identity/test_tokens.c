/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens, good and bad, against inline keys. */
#include "token_fixture.h"

#include <string.h>

#include "base/encode.h"

static void test_good(void **state)
{
    (void)state;
    const struct token_claims *claims;
    struct slice token =
        sign("{" GOOD ",\"upn\":\"a.l@contoso.com\",\"proxyAddresses\":[\"al@contoso.de\",\"x\"],"
             "\"groups\":[\"Legal@contoso.com\"],\"email_verified\":true,\"tid\":\"t1\"}");
    for (int i = 0; i < 2; i++) { /* verified, then from the cache */
        assert_ok(check_token(token, &f.issuer, NOW, &claims), &f.err);
        assert_int_equal(claims->address_count, 3);
        assert_string_equal(claims->addresses[0].text, "al@contoso.com");
        assert_string_equal(claims->addresses[1].text, "a.l@contoso.com");
        assert_string_equal(claims->addresses[2].text, "al@contoso.de");
        assert_string_equal(claims->groups[0], "legal@contoso.com");
        assert_string_equal(claims->tenant, "t1");
        assert_true(token_claims_primary(claims)->word == ADDRESS_VERIFIED);
    }
    struct token peeked;
    assert_ok(token_peek(f.identity, f.arena, token, &peeked, &f.err), &f.err);
    assert_true(peeked.is_known);
    /* What was verified expires all the same, and another row of the issuer means another look. */
    assert_fails(check_token(token, &f.issuer, NOW + 660, &claims), &f.err, R_TOKEN_EXPIRED);
    assert_ok(check_token(token, &f.issuer, NOW + 659, &claims), &f.err);
    struct issuer changed = f.issuer;
    static const char *others[] = {"other"};
    changed.audiences = others;
    changed.epoch++;
    assert_fails(check_token(token, &changed, NOW, &claims), &f.err, R_TOKEN_AUDIENCE);
}

static void test_audience_list(void **state)
{
    (void)state;
    const struct token_claims *claims;
    assert_ok(check_token(sign("{" ISS ",\"aud\":[\"x\",\"chancery\"],\"exp\":1800000600}"),
                          &f.issuer, NOW, &claims),
              &f.err);
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
        {"{" GOOD ",\"cnf\":{}}", R_TOKEN_TYPE},
        {"{" GOOD ",\"cnf\":\"x\"}", R_TOKEN_TYPE},
        {"{" GOOD ",\"cnf\":{\"jwk\":{}}}", R_TOKEN_TYPE},
        {"{" GOOD ",\"cnf\":{\"jkt\":7}}", R_TOKEN_TYPE},
        {"{" GOOD ",\"cnf\":{\"jkt\":\"" THUMB "\",\"x5t#S256\":\"" THUMB "\"}}", R_TOKEN_TYPE},
        {"{" GOOD ",\"cnf\":{\"jkt\":\"" THUMB "A\"}}", R_TOKEN_TYPE},
        {"{" ISS ",\"aud\":\"chancery\",\"exp\":1800000600,\"email\":[\"al@contoso.com\"]}",
         R_TOKEN_CLAIM_INVALID},
        {"{" GOOD ",\"nbf\":\"1800000100\"}", R_TOKEN_CLAIM_INVALID},
        {"{" GOOD ",\"nbf\":{}}", R_TOKEN_CLAIM_INVALID},
        {"{" GOOD ",\"nbf\":1800000060.5}", R_TOKEN_NOT_YET_VALID},
        {"{" GOOD ",\"iat\":1800000060.5}", R_TOKEN_NOT_YET_VALID},
        {"{" GOOD ",\"nbf\":1e300}", R_TOKEN_NOT_YET_VALID},
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
        err_clear(&f.err);
        rc result = check_token(sign(cases[i].payload), &f.issuer, NOW, &claims);
        if (f.err.reason != cases[i].reason || result.ok != (cases[i].reason == R_NONE)) {
            fail_msg("%s: %s, not %s", cases[i].payload, reason_info(f.err.reason)->name,
                     reason_info(cases[i].reason)->name);
        }
    }
}

/* A provider that writes more, or otherwise, than we read must not lock its people out: what can only give is left
 * out, and times are read as RFC 7519 §2 has them. */
static void what_is_not_understood_takes_nothing_away(void **state)
{
    (void)state;
    static const char *const names[] = {"upn", "proxyAddresses", "groups", "tid", "iat", "name"};
    static const char *const values[] = {"null",         "{}",     "{\"value\":\"al@contoso.com\"}",
                                         "1.5",          "7",      "true",
                                         "[null,{},[]]", "-1e300", "[]"};
    const struct token_claims *claims;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        for (size_t j = 0; j < sizeof values / sizeof values[0]; j++) {
            struct slice token =
                sign(arena_printf(f.arena, "{" GOOD ",\"%s\":%s}", names[i], values[j]));
            assert_ok(check_token(token, &f.issuer, NOW, &claims), &f.err);
            assert_int_equal(claims->address_count, 1);
            assert_int_equal(claims->group_count + claims->group_id_count, 0);
        }
    }
    static const char *const times[] = {"\"nbf\":null", "\"nbf\":-62135596800",
                                        "\"nbf\":1800000059.5", "\"iat\":1800000059.5",
                                        "\"nbf\":0.0"};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct slice token = sign(arena_printf(f.arena, "{" GOOD ",%s}", times[i]));
        assert_ok(check_token(token, &f.issuer, NOW, &claims), &f.err);
    }
    /* Beside it, what is understood counts. */
    assert_ok(check_token(sign("{" GOOD ",\"upn\":[null,\"a.l@contoso.com\",7],\"groups\":[{},"
                               "\"legal@contoso.com\",null,\"id-1\"],\"nbf\":1800000010.25}"),
                          &f.issuer, NOW, &claims),
              &f.err);
    assert_string_equal(claims->addresses[1].text, "a.l@contoso.com");
    assert_string_equal(claims->groups[0], "legal@contoso.com");
    assert_string_equal(claims->group_ids[0], "id-1");
    assert_int_equal(claims->valid_from.s, 1800000011);
}

static struct slice token_of(const char *header, const char *payload)
{
    return slice_str(arena_printf(f.arena, "%s.%s.c2ln", base64url_dup(f.arena, slice_str(header)),
                                  base64url_dup(f.arena, slice_str(payload))));
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
        err_clear(&f.err);
        assert_false(
            check_token(token_of(cases[i].header, "{" GOOD "}"), &f.issuer, NOW, &claims).ok);
        if (f.err.reason != cases[i].reason) {
            fail_msg("%s: %s, not %s", cases[i].header, reason_info(f.err.reason)->name,
                     reason_info(cases[i].reason)->name);
        }
    }
}

static void test_bad_texts(void **state)
{
    (void)state;
    const struct token_claims *claims;
    char *big = arena_alloc(f.arena, TOKEN_BYTES_MAX + 1);
    memset(big, 'a', TOKEN_BYTES_MAX + 1);
    assert_fails(check_token(slice_of(big, TOKEN_BYTES_MAX + 1), &f.issuer, NOW, &claims), &f.err,
                 R_TOKEN_TOO_LARGE);
    static const char *const texts[] = {"",    ".",     "..",        "...",
                                        "a.b", "a.b.c", "a.b.c.d.e", "ey J.e.e"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_fails(check_token(slice_str(texts[i]), &f.issuer, NOW, &claims), &f.err,
                     R_TOKEN_MALFORMED);
    }
    /* Signed by somebody else, and a good one with one bit of its signature changed. */
    assert_false(check_token(sign_by(f.stranger, "JWT", "{" GOOD "}"), &f.issuer, NOW, &claims).ok);
    assert_int_equal(f.err.reason, R_TOKEN_KEY_UNKNOWN);
    struct slice good = sign("{" GOOD ",\"jti\":\"flip\"}");
    char *flipped = arena_dup(f.arena, good);
    flipped[good.len - 10] = flipped[good.len - 10] == 'A' ? 'B' : 'A';
    assert_fails(check_token(slice_str(flipped), &f.issuer, NOW, &claims), &f.err,
                 R_TOKEN_SIGNATURE);
}

static void test_inline_keys_invalid(void **state)
{
    (void)state;
    const struct token_claims *claims;
    struct issuer broken = f.issuer;
    static const char *const sets[] = {"{}", "{\"keys\":[]}",
                                       "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}", "x"};
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        broken.jwks_json = sets[i];
        assert_fails(check_token(sign("{" GOOD "}"), &broken, NOW, &claims), &f.err,
                     R_ISSUER_KEYS_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_audience_list),
        cmocka_unit_test(test_bad_payloads),
        cmocka_unit_test(what_is_not_understood_takes_nothing_away),
        cmocka_unit_test(test_bad_headers),
        cmocka_unit_test(test_bad_texts),
        cmocka_unit_test(test_inline_keys_invalid),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
