/* SPDX-License-Identifier: Apache-2.0 */
/* A policy as it holds now: what was sealed, its template, and what an amendment changed of it. */
#include "chancery_test.h"

#include "domain/relations/effective_policy.h"

enum { DAY = 86400, PROTECTED_AT = 1000 };

static const struct rights may_view = {.bits = RIGHT_VIEW}, may_print = {.bits = RIGHT_PRINT};
static const struct subject bob = {
    .user = {.addresses = {"bob@fabrikam.com"}, .address_count = 1, .boundary = "commercial"}};

static const struct grant to_bob[] = {{{PRINCIPAL_USER, "bob@fabrikam.com"}, &may_view}};
static const struct grant to_domain[] = {{{PRINCIPAL_DOMAIN, "fabrikam.com"}, &may_print}};
static const struct grant to_group[] = {{{PRINCIPAL_USER, "carol@contoso.com"}, &may_view},
                                        {{PRINCIPAL_GROUP, "legal@contoso.com"}, &may_view}};

static struct policy custom(const struct grant *grants, size_t count)
{
    return (struct policy){.kind = POLICY_CUSTOM,
                           .grants = grants,
                           .grant_count = count,
                           .owner = "alice@contoso.com",
                           .expires_at = {5000}};
}

static uint32_t rights_of_bob(const struct policy *policy, const struct amendment *amendment)
{
    struct rights rights;
    effective_policy_rights(&(struct effective_policy){.policy = policy, .amendment = amendment},
                            &bob, &rights);
    return rights.bits;
}

static void an_amended_principal_has_what_the_amendment_says(void **state)
{
    (void)state;
    const struct grant both[] = {to_bob[0], to_domain[0]};
    struct policy policy = custom(both, 2);
    struct amendment removal = {
        .is_valid = true, .removed = &to_bob[0].principal, .removed_count = 1};
    assert_int_equal(rights_of_bob(&policy, NULL), RIGHT_VIEW | RIGHT_PRINT);
    policy.grant_count = 1;
    assert_int_equal(rights_of_bob(&policy, &removal), 0);
    policy.grant_count = 2; /* by another name they keep what it gives */
    assert_int_equal(rights_of_bob(&policy, &removal), RIGHT_VIEW | RIGHT_PRINT);
    struct amendment more = {.is_valid = true, .grants = to_group, .grant_count = 2};
    assert_int_equal(rights_of_bob(&policy, &more), RIGHT_VIEW | RIGHT_PRINT);
}

static void recipients_may_come_from_the_amendment_alone(void **state)
{
    (void)state;
    static const char *const carol[] = {"carol@contoso.com"}, *const also[] = {"bob@fabrikam.com"};
    struct policy policy = {.kind = POLICY_ENCRYPT_ONLY, .owner = "alice@contoso.com"};
    struct amendment amendment = {.is_valid = true, .recipients = carol, .recipient_count = 1};
    assert_int_equal(rights_of_bob(&policy, NULL), 0);
    assert_int_equal(rights_of_bob(&policy, &amendment), 0);
    amendment.recipients = also;
    assert_int_equal(rights_of_bob(&policy, &amendment), RIGHTS_ENCRYPT_ONLY);
}

static void a_kind_that_is_not_known_grants_nothing(void **state)
{
    (void)state;
    struct policy policy = custom(to_bob, 1);
    policy.kind = (enum policy_kind)9;
    assert_int_equal(rights_of_bob(&policy, NULL), 0);
}

static void groups_matter_where_a_grant_names_one(void **state)
{
    (void)state;
    struct policy policy = custom(to_bob, 1);
    struct amendment amendment = {.is_valid = true, .grants = to_domain, .grant_count = 1};
    struct effective_policy now = {.policy = &policy};
    assert_false(effective_policy_names_groups(&now));
    now.amendment = &amendment;
    assert_false(effective_policy_names_groups(&now));
    amendment.grants = to_group;
    amendment.grant_count = 2;
    assert_true(effective_policy_names_groups(&now));
    policy = custom(to_group, 2);
    now.amendment = NULL;
    assert_true(effective_policy_names_groups(&now));
}

static void each_source_of_an_expiry(void **state)
{
    (void)state;
    struct policy policy = custom(to_bob, 1);
    struct template_policy template = {.is_valid = true, .expires_at = {7000}};
    struct amendment amendment = {.is_valid = true};
    struct effective_policy now = {.policy = &policy};
    assert_int_equal(effective_policy_expiry(&now).s, 5000);
    now.amendment = &amendment; /* which says nothing of it */
    assert_int_equal(effective_policy_expiry(&now).s, 5000);
    amendment.changes_expiry = true;
    assert_int_equal(effective_policy_expiry(&now).s, 0);
    policy = (struct policy){.kind = POLICY_TEMPLATE, .protected_at = {PROTECTED_AT}};
    now = (struct effective_policy){.policy = &policy, .template = &template};
    assert_int_equal(effective_policy_expiry(&now).s, 7000);
    template.expires_after_days = 2;
    assert_int_equal(effective_policy_expiry(&now).s, PROTECTED_AT + 2 * DAY);
    now.template = NULL;
    assert_int_equal(effective_policy_expiry(&now).s, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_amended_principal_has_what_the_amendment_says),
        cmocka_unit_test(recipients_may_come_from_the_amendment_alone),
        cmocka_unit_test(a_kind_that_is_not_known_grants_nothing),
        cmocka_unit_test(groups_matter_where_a_grant_names_one),
        cmocka_unit_test(each_source_of_an_expiry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
