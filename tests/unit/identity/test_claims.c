/* SPDX-License-Identifier: Apache-2.0 */
/* What of a token's claims is taken over: groups, guests, tenants; and issuers that are templates. */
#include "token_fixture.h"

#include <stdio.h>
#include <string.h>

#define TENANT "6babcaad-604b-40ac-a9d7-9fd97c0b779f"
#define OTHER "0b1f2d6c-7a52-4a1e-9a0e-2f4f8a8f3b11"
#define HOST "https://login.microsoftonline.com/"

static const char *const iss_template = HOST "{tenantid}/v2.0";

static const struct token_claims *good(const char *more)
{
    const struct token_claims *claims = NULL;
    struct slice token = sign(arena_printf(f.arena, "{" GOOD "%s}", more));
    for (int i = 0; i < 2; i++) { /* verified, then from the cache */
        assert_ok(check_token(token, &f.issuer, NOW, &claims), &f.err);
    }
    return claims;
}

static void test_groups(void **state)
{
    (void)state;
    const struct token_claims *claims = good(",\"groups\":[\"Legal@contoso.com\",\"" TENANT
                                             "\",\"legal@CONTOSO.com\",\"Admins\",\"Admins\",\"\","
                                             "\"a\\u0007\"]");
    assert_int_equal(claims->group_count, 1);
    assert_string_equal(claims->groups[0], "legal@contoso.com");
    assert_int_equal(claims->group_id_count, 2);
    assert_string_equal(claims->group_ids[0], TENANT);
    assert_string_equal(claims->group_ids[1], "Admins");
    claims = good(",\"groups\":\"one\"");
    assert_int_equal(claims->group_id_count, 1);
    assert_false(claims->groups_overage);
}

static void test_group_ids_are_bounded(void **state)
{
    (void)state;
    char id[TOKEN_GROUP_ID_MAX + 2];
    memset(id, 'g', sizeof id);
    id[TOKEN_GROUP_ID_MAX + 1] = '\0';
    assert_int_equal(good(arena_printf(f.arena, ",\"groups\":[\"%s\"]", id))->group_id_count, 0);
    id[TOKEN_GROUP_ID_MAX] = '\0';
    assert_int_equal(good(arena_printf(f.arena, ",\"groups\":[\"%s\"]", id))->group_id_count, 1);
    char *list = arena_alloc(f.arena, 8192);
    size_t len = 0;
    for (int i = 0; i < TOKEN_GROUPS_MAX + 10; i++) {
        len += (size_t)snprintf(list + len, 8192 - len, "%s\"%x\"", i == 0 ? "" : ",", 4096 + i);
    }
    assert_int_equal(good(arena_printf(f.arena, ",\"groups\":[%s]", list))->group_id_count,
                     TOKEN_GROUPS_MAX);
}

static void test_overage(void **state)
{
    (void)state;
    static const struct {
        const char *more;
        bool overage;
        size_t ids;
    } cases[] = {
        {",\"groups\":[\"a\"],\"hasgroups\":true", true, 0},
        {",\"groups\":[\"a\"],\"_claim_names\":{\"groups\":\"src1\"}", true, 0},
        {",\"_claim_names\":{\"groups\":\"src1\"},\"_claim_sources\":{\"src1\":{\"endpoint\":"
         "\"https://127.0.0.1:1/\"}}",
         true, 0},
        {",\"groups\":[\"a\"],\"_claim_names\":{\"roles\":\"src1\"}", false, 1},
        {",\"groups\":[\"a\"],\"hasgroups\":false,\"_claim_names\":[]", false, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct token_claims *claims = good(cases[i].more);
        assert_int_equal(claims->groups_overage, cases[i].overage);
        assert_int_equal(claims->group_id_count, cases[i].ids);
        assert_int_equal(claims->group_count, 0);
    }
    /* Where groups are not taken from tokens, none can be missing. */
    struct issuer issuer = f.issuer;
    const struct token_claims *claims;
    issuer.claim_groups = "";
    issuer.epoch++;
    assert_ok(check_token(sign("{" GOOD ",\"hasgroups\":true}"), &issuer, NOW, &claims), &f.err);
    assert_false(claims->groups_overage);
}

/* What names no group takes nothing away. */
static void test_bad_groups(void **state)
{
    (void)state;
    static const char *const values[] = {"7", "{}", "[7]", "[[\"a\"]]", "null", "{\"a\":\"b\"}"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        const struct token_claims *claims =
            good(arena_printf(f.arena, ",\"groups\":%s", values[i]));
        assert_int_equal(claims->group_count + claims->group_id_count, 0);
    }
}

static void test_guests(void **state)
{
    (void)state;
    static const char *const guests[] = {"1",
                                         "true",
                                         "\"1\"",
                                         "2",
                                         "-1",
                                         "0.0",
                                         "\"true\"",
                                         "\"Guest\"",
                                         "\"no\"",
                                         "\"\"",
                                         "\"0 \"",
                                         "null",
                                         "[]",
                                         "[0]",
                                         "[\"guest\"]",
                                         "{}",
                                         "{\"guest\":false}"};
    static const char *const members[] = {"0",         "false",      "\"0\"",     "\"false\"",
                                          "\"False\"", "\"Member\"", "\"member\""};
    for (size_t i = 0; i < sizeof guests / sizeof guests[0]; i++) {
        assert_true(good(arena_printf(f.arena, ",\"acct\":%s", guests[i]))->is_guest);
    }
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        assert_false(good(arena_printf(f.arena, ",\"acct\":%s", members[i]))->is_guest);
    }
    assert_false(good("")->is_guest);
}

/* --- templates ---------------------------------------------------------------------------------- */

static struct issuer multi_tenant(void)
{
    struct issuer issuer = f.issuer;
    issuer.id.u.b[2] = 9;
    issuer.kind = ISSUER_MULTI_TENANT;
    issuer.iss = iss_template;
    return issuer;
}

static struct slice entra_token(const char *iss, const char *tid)
{
    return sign(arena_printf(
        f.arena, "{\"iss\":\"%s\",\"aud\":\"chancery\",\"exp\":1800000600,\"tid\":%s}", iss, tid));
}

static void test_iss_and_tenant_claim(void **state)
{
    (void)state;
    static const struct {
        const char *iss, *tid;
        enum reason reason;
    } cases[] = {
        {HOST TENANT "/v2.0", "\"" TENANT "\"", R_NONE},
        {HOST TENANT "/v2.0", "\"" OTHER "\"", R_TOKEN_CLAIM_INVALID},
        {HOST TENANT "/v2.0", "\"\"", R_TOKEN_CLAIM_INVALID},
        {HOST TENANT "/v2.0", "7", R_TOKEN_CLAIM_INVALID},
        {HOST "{tenantid}/v2.0", "\"{tenantid}\"", R_TOKEN_ISSUER_UNKNOWN},
        {HOST "common/v2.0", "\"common\"", R_TOKEN_ISSUER_UNKNOWN},
        {HOST TENANT "/v2.0/", "\"" TENANT "\"", R_TOKEN_ISSUER_UNKNOWN},
        {HOST TENANT, "\"" TENANT "\"", R_TOKEN_ISSUER_UNKNOWN},
        {"https://login.microsoftonline.us/" TENANT "/v2.0", "\"" TENANT "\"",
         R_TOKEN_ISSUER_UNKNOWN},
    };
    struct issuer issuer = multi_tenant();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct token_claims *claims;
        err_clear(&f.err);
        (void)check_token(entra_token(cases[i].iss, cases[i].tid), &issuer, NOW, &claims).ok;
        assert_int_equal(f.err.reason, cases[i].reason);
    }
    /* What is remembered of a token has the token's own iss. */
    struct token peeked;
    assert_ok(
        token_peek(f.identity, f.arena, entra_token(cases[0].iss, cases[0].tid), &peeked, &f.err),
        &f.err);
    assert_string_equal(peeked.iss, HOST TENANT "/v2.0");
}

static void test_keys_are_bound_to_their_issuer(void **state)
{
    (void)state;
    static const struct {
        const char *issuer; /* a JSON value */
        enum reason reason;
    } cases[] = {
        {"\"" HOST "{tenantid}/v2.0\"", R_NONE},
        {"\"" HOST TENANT "/v2.0\"", R_NONE},
        {"\"\"", R_NONE},
        {"\"" HOST OTHER "/v2.0\"", R_TOKEN_KEY_UNKNOWN},
        {"\"https://login.microsoftonline.us/{tenantid}/v2.0\"", R_TOKEN_KEY_UNKNOWN},
        {"\"" HOST "{tenantid}\"", R_TOKEN_KEY_UNKNOWN},
        {"\"" HOST "{other}/v2.0\"", R_TOKEN_KEY_UNKNOWN},
        {"7", R_ISSUER_KEYS_INVALID}, /* left out, and then none is left */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct token_claims *claims;
        struct issuer issuer = multi_tenant();
        struct slice token = entra_token(HOST TENANT "/v2.0", "\"" TENANT "\"");
        issuer.epoch = 100 + (int64_t)i;
        issuer.jwks_json =
            jwks_of(f.signer, arena_printf(f.arena, ",\"issuer\":%s", cases[i].issuer));
        err_clear(&f.err);
        (void)check_token(token, &issuer, NOW, &claims).ok;
        assert_int_equal(f.err.reason, cases[i].reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_group_ids_are_bounded),
        cmocka_unit_test(test_overage),
        cmocka_unit_test(test_bad_groups),
        cmocka_unit_test(test_guests),
        cmocka_unit_test(test_iss_and_tenant_claim),
        cmocka_unit_test(test_keys_are_bound_to_their_issuer),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
