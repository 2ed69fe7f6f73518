/* SPDX-License-Identifier: Apache-2.0 */
/* Domain authority: no issuer speaks for another's addresses. */
#include "chancery_test.h"

#include "domain/decide/decide_authority.h"
#include "domain/relations/issuer_authority.h"
#include "domain/relations/membership.h"
#include "domain/values/boundary.h"
#include "domain/values/issuer.h"
#include "domain/values/role.h"
#include "domain/values/subject.h"
#include "domain/values/tenant.h"
#include "domain/values/token_claims.h"

static const char *contoso_domains[] = {"contoso.com", "contoso.de"};
static const struct tenant_view contoso = {.id = {{{1}}},
                                           .name = "contoso",
                                           .boundary = "commercial",
                                           .state = TENANT_ACTIVE,
                                           .domains = contoso_domains,
                                           .domain_count = 2};
static const char *listed[] = {"outlook.com"};

static struct issuer issuer_of(enum issuer_kind kind)
{
    return (struct issuer){.boundary = "commercial",
                           .kind = kind,
                           .iss = "https://issuer.example",
                           .domains = listed,
                           .domain_count = 1};
}

static void test_tenant_issuer_keeps_its_own_domains(void **state)
{
    (void)state;
    struct issuer issuer = issuer_of(ISSUER_TENANT);
    static const char *const groups[] = {"legal@contoso.com", "legal@fabrikam.com"};
    struct token_claims claims = {.addresses = {{"bob@fabrikam.com", ADDRESS_UNSAID, true},
                                                {"al@contoso.com", ADDRESS_UNSAID, false},
                                                {"al@contoso.de", ADDRESS_UNSAID, false},
                                                {"al@mail.contoso.com", ADDRESS_UNSAID, false}},
                                  .address_count = 4,
                                  .groups = groups,
                                  .group_count = 2};
    struct subject_user user;
    assert_int_equal(
        decide_authority(&(struct authority_question){&issuer, &claims, &contoso, NULL, false},
                         &user),
        R_NONE);
    assert_int_equal(user.address_count, 2);
    assert_string_equal(user.addresses[0], "al@contoso.com");
    assert_string_equal(user.addresses[1], "al@contoso.de");
    assert_int_equal(user.group_count, 0);
    struct arena *arena = arena_new(1 << 16);
    struct err err = {0};
    assert_true(membership_add_groups(arena, &user, &contoso, claims.groups, 2, &err).ok);
    assert_int_equal(user.group_count, 1);
    assert_string_equal(user.groups[0], "legal@contoso.com");
    arena_free(arena);
    assert_string_equal(user.boundary, "commercial");
    assert_string_equal(user.tenant_name, "contoso");
    assert_false(user.is_guest);
    claims.is_guest = true;
    assert_int_equal(
        decide_authority(&(struct authority_question){&issuer, &claims, &contoso, NULL, false},
                         &user),
        R_NONE);
    assert_true(user.is_guest);
}

static void test_tenant_issuer_is_refused(void **state)
{
    (void)state;
    struct issuer issuer = issuer_of(ISSUER_TENANT);
    struct token_claims claims = {.addresses = {{"bob@fabrikam.com", ADDRESS_VERIFIED, true}},
                                  .address_count = 1};
    struct subject_user user;
    assert_int_equal(
        decide_authority(&(struct authority_question){&issuer, &claims, &contoso, NULL, false},
                         &user),
        R_TOKEN_NO_ADDRESS);
    claims.addresses[0].text = "al@contoso.com";
    assert_int_equal(
        decide_authority(&(struct authority_question){&issuer, &claims, NULL, NULL, false}, &user),
        R_TOKEN_NO_ADDRESS);
    issuer.boundary = "gcc-high";
    assert_int_equal(
        decide_authority(&(struct authority_question){&issuer, &claims, &contoso, NULL, false},
                         &user),
        R_TOKEN_NO_ADDRESS);
}

/* Whatever the kind, what the token itself says is not verified counts nowhere. */
static void test_denied_addresses(void **state)
{
    (void)state;
    static const enum issuer_kind kinds[] = {ISSUER_TENANT, ISSUER_MULTI_TENANT};
    struct token_claims claims = {.addresses = {{"al@contoso.com", ADDRESS_DENIED, true},
                                                {"al@contoso.de", ADDRESS_UNSAID, false}},
                                  .address_count = 2};
    for (size_t i = 0; i < 2; i++) {
        struct issuer issuer = issuer_of(kinds[i]);
        struct authority_question question = {&issuer, &claims, &contoso, NULL, false};
        struct subject_user user;
        claims.address_count = 2;
        assert_int_equal(decide_authority(&question, &user), R_NONE);
        assert_int_equal(user.address_count, 1);
        assert_string_equal(user.addresses[0], "al@contoso.de");
        claims.address_count = 1;
        assert_int_equal(decide_authority(&question, &user), R_TOKEN_NO_ADDRESS);
    }
}

static void test_disabled_tenants_have_no_people(void **state)
{
    (void)state;
    static const enum tenant_state states[] = {TENANT_IS_DISABLED, (enum tenant_state)3};
    struct token_claims claims = {.addresses = {{"al@contoso.com", ADDRESS_VERIFIED, true}},
                                  .address_count = 1};
    for (size_t i = 0; i < 2; i++) {
        struct issuer issuer = issuer_of(i == 0 ? ISSUER_TENANT : ISSUER_MULTI_TENANT);
        struct tenant_view disabled = contoso;
        struct subject_user user;
        disabled.state = states[i];
        assert_int_equal(
            decide_authority(&(struct authority_question){&issuer, &claims, &disabled, NULL, false},
                             &user),
            R_TENANT_DISABLED);
        assert_int_equal(user.address_count, 0);
        assert_true(ID_IS_ZERO(user.tenant));
    }
}

static void test_consumer(void **state)
{
    (void)state;
    static const struct {
        struct claimed_address address;
        bool of_tenant;
        enum reason expected;
    } cases[] = {
        {{"al@outlook.com", ADDRESS_UNSAID, true}, false, R_NONE},
        {{"al@gmail.com", ADDRESS_VERIFIED, true}, false, R_NONE},
        {{"al@gmail.com", ADDRESS_UNSAID, true}, false, R_TOKEN_NO_ADDRESS},
        {{"al@gmail.com", ADDRESS_DENIED, true}, false, R_TOKEN_NO_ADDRESS},
        {{"al@outlook.com", ADDRESS_DENIED, true}, false, R_TOKEN_NO_ADDRESS},
        {{"al@contoso.com", ADDRESS_VERIFIED, true}, true, R_TOKEN_NO_ADDRESS},
        {{"al@outlook.com", ADDRESS_VERIFIED, true}, true, R_TOKEN_NO_ADDRESS},
        /* The address claim is missing: no alias takes its place. */
        {{"al@outlook.com", ADDRESS_UNSAID, false}, false, R_TOKEN_NO_ADDRESS},
        {{"al@gmail.com", ADDRESS_VERIFIED, false}, false, R_TOKEN_NO_ADDRESS},
    };
    struct issuer issuer = issuer_of(ISSUER_CONSUMER);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct token_claims claims = {
            .addresses = {cases[i].address, {"ceo@outlook.com", ADDRESS_VERIFIED, false}},
            .address_count = 2};
        struct subject_user user;
        enum reason reason = decide_authority(
            &(struct authority_question){&issuer, &claims, NULL, NULL, cases[i].of_tenant}, &user);
        assert_int_equal(reason, cases[i].expected);
        assert_int_equal(user.address_count, reason == R_NONE ? 1 : 0);
        assert_string_equal(user.boundary, BOUNDARY_EXTERNAL);
    }
}

static void test_nobody_and_unknown_kinds(void **state)
{
    (void)state;
    struct issuer issuer = issuer_of(ISSUER_CONSUMER);
    struct token_claims claims = {.address_count = 0};
    struct subject_user user;
    struct authority_question question = {.issuer = &issuer, .claims = &claims};
    assert_int_equal(decide_authority(&question, &user), R_TOKEN_NO_ADDRESS);
    issuer.kind = (enum issuer_kind)9;
    claims.addresses[0] = (struct claimed_address){"bob@outlook.com", ADDRESS_VERIFIED, true};
    claims.address_count = 1;
    assert_int_equal(decide_authority(&question, &user), R_TOKEN_TYPE);
    assert_int_equal(user.address_count, 0);
}

static void test_components_are_no_users(void **state)
{
    (void)state;
    struct issuer issuer = issuer_of(ISSUER_COMPONENT);
    struct token_claims claims = {.addresses = {{"al@contoso.com", ADDRESS_UNSAID, true}},
                                  .address_count = 1};
    struct subject_user user;
    assert_int_equal(
        decide_authority(&(struct authority_question){&issuer, &claims, &contoso, NULL, false},
                         &user),
        R_TOKEN_TYPE);
}

static void test_whom_a_component_issuer_may_name(void **state)
{
    (void)state;
    static const struct tenant_id other = {{{77}}};
    static const struct {
        enum issuer_kind kind;
        bool of_platform, of_other;
        enum role role;
        const char *boundary; /* the component's */
        bool expected;
    } cases[] = {
        {ISSUER_COMPONENT, false, false, ROLE_GATEWAY, "commercial", true},
        {ISSUER_COMPONENT, true, false, ROLE_GATEWAY, "commercial", true},
        {ISSUER_COMPONENT, true, false, ROLE_AUDITOR, "", true},
        {ISSUER_COMPONENT, true, false, ROLE_TENANT_ADMIN, "commercial", true},
        {ISSUER_COMPONENT, false, false, ROLE_TENANT_ADMIN, "commercial", false},
        {ISSUER_COMPONENT, false, true, ROLE_GATEWAY, "commercial", false},
        {ISSUER_COMPONENT, true, false, ROLE_GATEWAY, "gcc-high", false},
        {ISSUER_TENANT, false, false, ROLE_GATEWAY, "commercial", false},
        {ISSUER_CONSUMER, true, false, ROLE_GATEWAY, "commercial", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct issuer issuer = issuer_of(cases[i].kind);
        struct subject_component component = {
            .tenant = contoso.id, .role = cases[i].role, .boundary = cases[i].boundary};
        issuer.tenant = cases[i].of_platform ? TENANT_PLATFORM
                        : cases[i].of_other  ? other
                                             : contoso.id;
        assert_int_equal(issuer_authority_covers(&issuer, &component), cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tenant_issuer_keeps_its_own_domains),
        cmocka_unit_test(test_tenant_issuer_is_refused),
        cmocka_unit_test(test_denied_addresses),
        cmocka_unit_test(test_disabled_tenants_have_no_people),
        cmocka_unit_test(test_consumer),
        cmocka_unit_test(test_nobody_and_unknown_kinds),
        cmocka_unit_test(test_components_are_no_users),
        cmocka_unit_test(test_whom_a_component_issuer_may_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
