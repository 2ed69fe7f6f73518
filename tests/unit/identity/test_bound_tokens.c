/* SPDX-License-Identifier: Apache-2.0 */
/* What a token is bound to, and the access tokens of components. */
#include "token_fixture.h"

#include "base/encode.h"

static void test_binding(void **state)
{
    (void)state;
    static const struct {
        const char *cnf;
        enum token_binding binding;
    } cases[] = {{"", BINDING_NONE},
                 {",\"cnf\":{\"jkt\":\"" THUMB "\"}", BINDING_DPOP},
                 {",\"cnf\":{\"x5t#S256\":\"" THUMB "\"}", BINDING_MTLS}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct token_claims *claims;
        struct slice token = sign(arena_printf(f.arena, "{" GOOD "%s}", cases[i].cnf));
        for (int j = 0; j < 2; j++) { /* verified, then from the cache */
            assert_ok(check_token(token, &f.issuer, NOW, &claims), &f.err);
            assert_int_equal(claims->binding, cases[i].binding);
            if (cases[i].binding != BINDING_NONE) {
                const char *text = base64url_dup(f.arena, slice_of(claims->bound_to, 32));
                assert_string_equal(text, THUMB);
            }
        }
    }
}

/* Access tokens of components (RFC 9068 §2): each required claim left out. */
static void test_component_tokens(void **state)
{
    (void)state;
    static const char *const members[] = {"\"aud\":\"chancery\"", "\"exp\":1800000600",
                                          "\"iat\":1800000000",   "\"jti\":\"1\"",
                                          "\"client_id\":\"c\"",  "\"sub\":\"edge\""};
    enum { MEMBERS = sizeof members / sizeof members[0] };
    const struct token_claims *claims;
    struct issuer row = f.issuer;
    row.kind = ISSUER_COMPONENT;
    row.id.u.b[1] = 9;
    for (size_t without = 0; without <= MEMBERS; without++) {
        char *payload = arena_strdup(f.arena, "{" ISS ",\"email\":7");
        for (size_t i = 0; i < MEMBERS; i++) {
            payload = arena_printf(f.arena, "%s%s%s", payload, i == without ? "" : ",",
                                   i == without ? "" : members[i]);
        }
        payload = arena_printf(f.arena, "%s}", payload);
        err_clear(&f.err);
        rc result = check_token(sign_by(f.signer, "at+jwt", payload), &row, NOW, &claims);
        assert_int_equal(result.ok, without == MEMBERS);
        assert_int_equal(f.err.reason, without == MEMBERS ? R_NONE
                                       : without == 0     ? R_TOKEN_AUDIENCE
                                                          : R_TOKEN_CLAIM_INVALID);
        assert_fails(check_token(sign_by(f.signer, "JWT", payload), &row, NOW, &claims), &f.err,
                     R_TOKEN_TYPE);
        assert_fails(check_token(sign_by(f.signer, NULL, payload), &row, NOW, &claims), &f.err,
                     R_TOKEN_TYPE);
        if (without == MEMBERS) {
            assert_ok(check_token(sign_by(f.signer, "at+jwt", payload), &row, NOW, &claims),
                      &f.err);
            assert_string_equal(claims->subject, "edge");
            assert_int_equal(claims->address_count, 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_binding),
        cmocka_unit_test(test_component_tokens),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
