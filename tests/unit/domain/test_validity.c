/* SPDX-License-Identifier: Apache-2.0 */
/* How long a license holds: the least of the tenant's cap, the policy's offline days and the
 * time to the content's expiry; online only and portals: minutes, and not to be cached. */
#include "access_world.h"

enum { NEVER = 0 };

static void the_least_of_all(void **state)
{
    (void)state;
    static const struct {
        int64_t cap;
        int days;
        int64_t expires_in; /* seconds; NEVER */
        int64_t expected;   /* seconds */
        bool may_cache;
    } rows[] = {
        {30, OFFLINE_DAYS_CAP, NEVER, 30 * DAY, true}, /* the default cap */
        {365, OFFLINE_DAYS_CAP, NEVER, 365 * DAY, true},
        {30, 7, NEVER, 7 * DAY, true},      /* offline days are less */
        {30, 90, NEVER, 30 * DAY, true},    /* the cap is less */
        {30, 7, 3 * DAY, 3 * DAY, true},    /* expiry is least */
        {30, 7, 9 * DAY, 7 * DAY, true},    /* between the two */
        {30, OFFLINE_DAYS_CAP, 1, 1, true}, /* the last second */
        {1, 1, DAY, DAY, true},             /* all the same */
        {30, OFFLINE_DAYS_NONE, NEVER, ONLINE_LICENSE_S, false},
        {30, OFFLINE_DAYS_NONE, 60, 60, false}, /* expiry before the minutes are over */
        {0, OFFLINE_DAYS_CAP, NEVER, ONLINE_LICENSE_S, false}, /* a tenant that is online only */
        {0, 7, NEVER, ONLINE_LICENSE_S, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world w;
        make(&w);
        w.tenant.license_cap_days = rows[i].cap;
        w.policy.offline_days = rows[i].days;
        w.policy.expires_at.s = rows[i].expires_in == NEVER ? 0 : NOW + rows[i].expires_in;
        struct access_decision d = decide(&w);
        assert_int_equal(d.reason, R_NONE);
        assert_int_equal(d.license_expires_at.s, NOW + rows[i].expected);
        assert_int_equal(d.may_cache, rows[i].may_cache);
        assert_int_equal(d.content_expires_at.s, w.policy.expires_at.s);
        /* By the portal it is minutes, whatever the days are. */
        w.subject.component = (struct subject_component){
            .name = "portal", .role = ROLE_PORTAL, .boundary = "commercial"};
        int64_t left = rows[i].expires_in;
        int64_t minutes = left != NEVER && left < PORTAL_LICENSE_S ? left : PORTAL_LICENSE_S;
        d = decide(&w);
        assert_int_equal(d.license_expires_at.s, NOW + minutes);
        assert_false(d.may_cache);
    }
}

static void a_few_minutes_are_few(void **state)
{
    (void)state;
    assert_in_range(ONLINE_LICENSE_S, 60, 600);
    assert_in_range(PORTAL_LICENSE_S, 60, 600);
}

/* A template's days and expiry are those it has now. */
static void of_templates_as_they_are_now(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    w.policy.kind = POLICY_TEMPLATE;
    w.policy.offline_days = 3; /* what is sealed says nothing for templates */
    assert_int_equal(decide(&w).license_expires_at.s, NOW + 30 * DAY);
    w.template.offline_days = 2;
    assert_int_equal(decide(&w).license_expires_at.s, NOW + 2 * DAY);
    w.template.offline_days = OFFLINE_DAYS_NONE;
    assert_false(decide(&w).may_cache);
    w.template.offline_days = OFFLINE_DAYS_CAP;
    w.template.expires_at.s = NOW + 5;
    assert_int_equal(decide(&w).license_expires_at.s, NOW + 5);
    w.template.expires_at.s = 0;
    w.template.expires_after_days = 2; /* protected a day ago */
    assert_int_equal(decide(&w).license_expires_at.s, NOW + DAY);
    w.template.expires_after_days = 1;
    assert_int_equal(decide(&w).reason, R_EXPIRED);
}

/* The expiry of an amendment takes the place of any other. */
static void of_amendments(void **state)
{
    (void)state;
    static const int64_t ends[] = {NOW + 10, NOW + 500, 0};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct world w;
        make(&w);
        w.policy.expires_at.s = NOW + 100;
        struct amendment a = {
            .version = 1, .is_valid = true, .changes_expiry = true, .expires_at = {ends[i]}};
        w.q.facts.amendment = &a;
        assert_int_equal(decide(&w).license_expires_at.s, ends[i] == 0 ? NOW + 30 * DAY : ends[i]);
        assert_int_equal(decide(&w).content_expires_at.s, ends[i]);
    }
}

/* To take the protection off is one act, by whichever channel and power; what ends sooner still does. */
static void of_those_who_take_protection_off(void **state)
{
    (void)state;
    static const struct rights saves = {.bits = RIGHT_VIEW | RIGHT_EXPORT};
    struct world w;
    make(&w);
    w.grants[0].rights = &saves;
    w.policy.kind = POLICY_CUSTOM;
    w.policy.grants = w.grants;
    w.policy.grant_count = 1;
    w.q.needs_export = true;
    assert_int_equal(decide(&w).license_expires_at.s, NOW + ONLINE_LICENSE_S);
    assert_false(decide(&w).may_cache);
    w.subject.component =
        (struct subject_component){.name = "portal", .role = ROLE_PORTAL, .boundary = "commercial"};
    assert_int_equal(decide(&w).license_expires_at.s, NOW + ONLINE_LICENSE_S);
    w.policy.expires_at.s = NOW + 7;
    assert_int_equal(decide(&w).license_expires_at.s, NOW + 7);
}

/* Who outlives expiry is not cut short by it. */
static void of_those_who_outlive_expiry(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    w.policy.expires_at.s = NOW + 5;
    be(&w, w.policy.owner);
    w.subject.user.tenant = CONTOSO;
    assert_int_equal(decide(&w).license_expires_at.s, NOW + 30 * DAY);
    w.policy.offline_days = 7;
    assert_int_equal(decide(&w).license_expires_at.s, NOW + 7 * DAY);
}

/* Power that was lent bounds the license and keeps it out of caches; one's own does neither. */
static void of_those_who_were_lent_power(void **state)
{
    (void)state;
    static const char *const groups[] = {"rescue@contoso.com"};
    struct super_user powers[] = {
        {.principal = {PRINCIPAL_USER, "dora@contoso.com"}, .expires_at = {NOW + 600}},
        {.principal = {PRINCIPAL_GROUP, "rescue@contoso.com"}, .expires_at = {NOW + DAY}},
        {.principal = {PRINCIPAL_USER, "d.smith@contoso.com"}, .expires_at = {NOW + 60}},
        {.principal = {PRINCIPAL_USER, "eve@contoso.com"}, .expires_at = {NOW + 9 * DAY}}};
    struct world w;
    make(&w);
    w.tenant.super_users = powers;
    w.tenant.super_user_count = 4;
    w.subject.user.tenant = CONTOSO;
    be(&w, "dora@contoso.com");
    assert_int_equal(decide(&w).license_expires_at.s, NOW + 600);
    assert_false(decide(&w).may_cache);
    w.subject.user.groups = groups;
    w.subject.user.group_count = 1;
    w.subject.user.addresses[1] = "d.smith@contoso.com";
    w.subject.user.address_count = 2;
    assert_int_equal(decide(&w).license_expires_at.s, NOW + DAY); /* the latest of three */
    w.q.now.s = NOW + 700;
    assert_int_equal(decide(&w).license_expires_at.s, NOW + DAY); /* the one that is left */
    w.q.now.s = NOW;
    powers[1].expires_at.s = NOW + 90 * DAY; /* less than what the policy allows is as allowed */
    w.policy.offline_days = 7;
    w.policy.expires_at.s = NOW + 5;
    assert_int_equal(decide(&w).license_expires_at.s, NOW + 7 * DAY);
    assert_false(decide(&w).may_cache);
    w.policy.owner = "dora@contoso.com";
    powers[1].expires_at.s = NOW + DAY;
    assert_int_equal(decide(&w).license_expires_at.s, NOW + 7 * DAY);
    assert_true(decide(&w).may_cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_of_all),
        cmocka_unit_test(a_few_minutes_are_few),
        cmocka_unit_test(of_templates_as_they_are_now),
        cmocka_unit_test(of_amendments),
        cmocka_unit_test(of_those_who_take_protection_off),
        cmocka_unit_test(of_those_who_outlive_expiry),
        cmocka_unit_test(of_those_who_were_lent_power),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
