/* SPDX-License-Identifier: Apache-2.0 */
/* The decision on a license: who is stopped, and where. Its order is in test_order.c, what
 * policies grant in test_policies.c, how long a license holds in test_validity.c. */
#include "access_world.h"

static void a_stranger_learns_only_no_rights(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    be(&w, "eve@fabrikam.com");
    struct access_decision d = decide(&w);
    assert_int_equal(d.reason, R_NO_RIGHTS);
    assert_true(rights_are_none(&d.rights));
    assert_string_equal(d.referral_contact, "ask@contoso.com");
    w.q.facts.is_revoked = true;
    assert_int_equal(decide(&w).reason, R_NO_RIGHTS);
    w.q.facts.is_revoked = false;
    w.policy.expires_at.s = NOW - 1;
    assert_int_equal(decide(&w).reason, R_NO_RIGHTS);
}

static void revocation_and_expiry_stop_the_recipient(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    w.q.facts.user_is_revoked = true;
    assert_int_equal(decide(&w).reason, R_REVOKED);
    make(&w);
    w.policy.expires_at.s = NOW;
    assert_int_equal(decide(&w).reason, R_EXPIRED);
    w.policy.expires_at.s = NOW + 60;
    assert_int_equal(decide(&w).reason, R_NONE);
    assert_int_equal(decide(&w).license_expires_at.s, NOW + 60);
    w.policy.expires_at.s = NOW;
    w.q.facts.is_revoked = true;
    assert_int_equal(decide(&w).reason, R_REVOKED); /* 6 before 7 */
}

static void exclusions_by_application_and_platform(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    w.tenant.exclusions = &w.exclusion;
    w.tenant.exclusion_count = 1;
    w.subject.application = "OldReader";
    w.subject.platform = "ios";
    w.exclusion = (struct exclusion){EXCLUDED_APPLICATION, "OldReader"};
    assert_int_equal(decide(&w).reason, R_EXCLUDED);
    w.exclusion = (struct exclusion){EXCLUDED_PLATFORM, "ios"};
    assert_int_equal(decide(&w).reason, R_EXCLUDED);
    w.exclusion = (struct exclusion){EXCLUDED_PLATFORM, "web"};
    assert_int_equal(decide(&w).reason, R_NONE);
}

/* Content's boundary × reader's boundary, as docs/policy.md §7.2 has it. */
static void the_table_of_boundaries(void **state)
{
    (void)state;
    static const char *const names[] = {"commercial", "gcc", "gcc-high", "dod", "external"};
    static const char native[4][5] = {
        {1, 1, 0, 0, 0}, {1, 1, 0, 0, 0}, {0, 0, 1, 0, 0}, {0, 0, 0, 1, 0}};
    for (int content = 0; content < 4; content++) {
        for (int reader = 0; reader < 5; reader++) {
            struct world w;
            make(&w);
            w.tenant.boundary = names[content];
            w.subject.user.boundary = names[reader];
            bool is_native = native[content][reader];
            assert_int_equal(decide(&w).reason, is_native ? R_NONE : R_PORTAL_REQUIRED);
            /* The content's own portal may always ask; a foreign one never. */
            w.subject.component = (struct subject_component){
                .name = "portal", .role = ROLE_PORTAL, .boundary = names[content]};
            struct access_decision d = decide(&w);
            assert_int_equal(d.reason, R_NONE);
            assert_int_equal(d.channel, CHANNEL_PORTAL);
            assert_int_equal(d.license_expires_at.s, NOW + PORTAL_LICENSE_S);
            assert_false(d.may_cache);
            w.subject.component.boundary = names[(content + 1) % 4];
            assert_int_equal(decide(&w).reason, R_PORTAL_REQUIRED);
        }
    }
}

/* Why nothing is granted, for the log: an amendment that can't be read, and what in it. */
static void an_unreadable_amendment_is_told_to_the_log(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    be(&w, "eve@fabrikam.com");
    struct amendment amendment = {.version = 1, .is_valid = true, .problem = "user:?"};
    w.q.facts.amendment = &amendment;
    assert_int_equal(decide(&w).reason, R_NO_RIGHTS);
    assert_null(decide(&w).problem);
    amendment.is_valid = false;
    assert_int_equal(decide(&w).reason, R_POLICY_INVALID);
    assert_string_equal(decide(&w).problem, "user:?");
    assert_string_equal(decide(&w).referral_contact, "ask@contoso.com");
    w.tenant.state = TENANT_IS_DISABLED; /* another reason is that reason */
    assert_int_equal(decide(&w).reason, R_TENANT_DISABLED);
}

/* Who may change a policy is asked by what it grants: whatever power they have besides. */
static void power_may_be_left_aside(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    be(&w, "alice@contoso.com");
    w.subject.user.tenant = CONTOSO;
    assert_int_equal(decide(&w).power, POWER_OWNER);
    w.q.by_grants_only = true;
    assert_int_equal(decide(&w).reason, R_NO_RIGHTS);
    be(&w, "bob@fabrikam.com");
    assert_int_equal(decide(&w).power, POWER_NONE);
    assert_int_equal(decide(&w).rights.bits, RIGHTS_DO_NOT_FORWARD);
    w.q.facts.is_revoked = true;
    assert_int_equal(decide(&w).reason, R_REVOKED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stranger_learns_only_no_rights),
        cmocka_unit_test(revocation_and_expiry_stop_the_recipient),
        cmocka_unit_test(exclusions_by_application_and_platform),
        cmocka_unit_test(the_table_of_boundaries),
        cmocka_unit_test(an_unreadable_amendment_is_told_to_the_log),
        cmocka_unit_test(power_may_be_left_aside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
