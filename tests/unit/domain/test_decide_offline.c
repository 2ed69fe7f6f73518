/* SPDX-License-Identifier: Apache-2.0 */
/* What a publisher's certificate allows: docs/policy.md §5.7. */
#include "chancery_test.h"

#include "domain/decide/decide_offline.h"

enum { ISSUED = 1800000000, ENDS = ISSUED + 7 * 86400, AT = ISSUED + 3600 };

static const char *const domains[] = {"contoso.com", "contoso.example"};
static const char *const addresses[] = {"alice@contoso.com", "a@contoso.com"};
static const struct template_id templates[] = {{{{1}}}, {{{2}}}};

static const struct publisher gateway = {
    .name = "01980000-0000-7000-8000-0000000000bb",
    .domains = domains,
    .domain_count = 2,
    .has_any_template = true,
    .kinds = 1U << POLICY_TEMPLATE | 1U << POLICY_DO_NOT_FORWARD | 1U << POLICY_CUSTOM,
    .issued_at = {ISSUED},
    .expires_at = {ENDS},
};
static const struct publisher alice = {
    .name = "alice@contoso.com",
    .addresses = addresses,
    .address_count = 2,
    .templates = templates,
    .template_count = 2,
    .kinds = 1U << POLICY_TEMPLATE | 1U << POLICY_DO_NOT_FORWARD,
    .issued_at = {ISSUED},
    .expires_at = {ENDS},
};

static struct policy policy_of(const struct publisher *publisher)
{
    return (struct policy){.kind = POLICY_DO_NOT_FORWARD,
                           .owner = "alice@contoso.com",
                           .issuer = publisher->name,
                           .protected_at = {AT}};
}

static enum reason decided_at(const struct publisher *publisher, const struct policy *policy,
                              int64_t now)
{
    const struct offline_question question = {publisher, policy, {now}};
    return decide_offline(&question);
}

static enum reason decided(const struct publisher *publisher, const struct policy *policy)
{
    return decided_at(publisher, policy, AT + 86400 * 365);
}

static void what_a_certificate_allows(void **state)
{
    (void)state;
    struct policy policy = policy_of(&gateway);
    assert_int_equal(decided(&gateway, &policy), R_NONE);
    policy.owner = "eve@contoso.example";
    assert_int_equal(decided(&gateway, &policy), R_NONE);
    policy = policy_of(&alice);
    assert_int_equal(decided(&alice, &policy), R_NONE);
    policy.owner = "a@contoso.com";
    assert_int_equal(decided(&alice, &policy), R_NONE);
}

static void only_in_its_days(void **state)
{
    (void)state;
    static const struct {
        int64_t at;
        enum reason reason;
    } cases[] = {
        {ISSUED - PUBLISHER_SKEW_S, R_NONE},
        {ISSUED - PUBLISHER_SKEW_S - 1, R_PUBLISHER_EXPIRED},
        {ENDS - 1, R_NONE},
        {ENDS, R_PUBLISHER_EXPIRED},
        {0, R_PUBLISHER_EXPIRED},
        {INT64_MAX, R_PUBLISHER_EXPIRED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct policy policy = policy_of(&gateway);
        policy.protected_at.s = cases[i].at;
        assert_int_equal(decided(&gateway, &policy), cases[i].reason);
    }
}

static void not_in_the_future(void **state)
{
    (void)state;
    struct policy policy = policy_of(&gateway);
    assert_int_equal(decided_at(&gateway, &policy, AT - PUBLISHER_SKEW_S), R_NONE);
    assert_int_equal(decided_at(&gateway, &policy, AT - PUBLISHER_SKEW_S - 1), R_PUBLISHER_EXPIRED);
}

static void only_for_its_owners(void **state)
{
    (void)state;
    static const char *const others[] = {"eve@fabrikam.com", "eve@sub.contoso.com", "contoso.com",
                                         "", "eve@CONTOSO.com"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct policy policy = policy_of(&gateway);
        policy.owner = others[i];
        assert_int_equal(decided(&gateway, &policy), R_PUBLISHER_EXCEEDED);
    }
    struct policy policy = policy_of(&alice);
    policy.owner = "carol@contoso.com"; /* a domain says nothing of a user's certificate */
    assert_int_equal(decided(&alice, &policy), R_PUBLISHER_EXCEEDED);
    policy = policy_of(&alice);
    policy.issuer = gateway.name;
    assert_int_equal(decided(&alice, &policy), R_PUBLISHER_EXCEEDED);
}

static void only_by_its_policies(void **state)
{
    (void)state;
    struct policy policy = policy_of(&gateway);
    policy.kind = POLICY_ENCRYPT_ONLY;
    assert_int_equal(decided(&gateway, &policy), R_PUBLISHER_EXCEEDED);
    policy = policy_of(&alice);
    policy.kind = POLICY_TEMPLATE;
    policy.template_id = templates[1];
    assert_int_equal(decided(&alice, &policy), R_NONE);
    policy.template_id.u.b[0] = 9;
    assert_int_equal(decided(&alice, &policy), R_PUBLISHER_EXCEEDED);
    policy.issuer = gateway.name;
    assert_int_equal(decided(&gateway, &policy), R_NONE);
}

static void only_to_an_end_that_there_is(void **state)
{
    (void)state;
    static const struct {
        enum policy_kind kind;
        int64_t after;
        enum reason reason;
    } cases[] = {
        {POLICY_CUSTOM, 1, R_NONE},
        {POLICY_CUSTOM, 36500LL * 86400, R_NONE},
        {POLICY_CUSTOM, 36500LL * 86400 + 1, R_PUBLISHER_EXCEEDED},
        {POLICY_CUSTOM, 0, R_PUBLISHER_EXCEEDED},
        {POLICY_CUSTOM, -1, R_PUBLISHER_EXCEEDED},
        {POLICY_DO_NOT_FORWARD, 86400, R_PUBLISHER_EXCEEDED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct policy policy = policy_of(&gateway);
        policy.kind = cases[i].kind;
        policy.expires_at.s = AT + cases[i].after;
        assert_int_equal(decided(&gateway, &policy), cases[i].reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_certificate_allows), cmocka_unit_test(only_in_its_days),
        cmocka_unit_test(not_in_the_future),         cmocka_unit_test(only_for_its_owners),
        cmocka_unit_test(only_by_its_policies),      cmocka_unit_test(only_to_an_end_that_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
