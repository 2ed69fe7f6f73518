/* SPDX-License-Identifier: Apache-2.0 */
/* The order of the decision, questions 3 to 8 of docs/policy.md §4.1: of any two obstacles, the
 * earlier one is the reason. Questions 1 and 2, who is calling and whether the license is whole,
 * are settled before (tests/e2e/test_decision_order.py). */
#include "access_world.h"

#include "base/err.h"

static struct boundary_rule block = {"commercial", "commercial", DELIVERY_BLOCK};

static void disable_tenant(struct world *w)
{
    w->tenant.state = TENANT_IS_DISABLED;
}

static void block_boundary(struct world *w)
{
    w->platform.rules = &block;
    w->platform.rule_count = 1;
}

/* Bob comes by a portal of another boundary, which is refused whatever the rule says. */
static void take_a_foreign_portal(struct world *w)
{
    w->subject.component =
        (struct subject_component){.name = "portal", .role = ROLE_PORTAL, .boundary = "gcc"};
}

static void deny_domain(struct world *w)
{
    static const struct denial rival = {DENIAL_READERS, {PRINCIPAL_DOMAIN, "fabrikam.com"}};
    w->tenant.denials = &rival;
    w->tenant.denial_count = 1;
}

static void exclude(struct world *w)
{
    w->exclusion = (struct exclusion){EXCLUDED_USER, "bob@fabrikam.com"};
    w->tenant.exclusions = &w->exclusion;
    w->tenant.exclusion_count = 1;
}

static void revoke(struct world *w)
{
    w->q.facts.is_revoked = true;
}

static void revoke_user(struct world *w)
{
    w->q.facts.user_is_revoked = true;
}

static void expire(struct world *w)
{
    w->policy.expires_at.s = NOW;
}

static void take_rights(struct world *w)
{
    w->policy.recipient_count = 0;
}

static const struct obstacle {
    void (*put)(struct world *w);
    enum reason reason;
    bool needs_rights; /* told only to one who would have had rights */
} rows[] = {
    {disable_tenant, R_TENANT_DISABLED, false},        /* 3 */
    {block_boundary, R_BOUNDARY_BLOCKED, false},       /* 4 */
    {take_a_foreign_portal, R_PORTAL_REQUIRED, false}, /* 4 */
    {deny_domain, R_PARTNER_DENIED, false},            /* 5 */
    {exclude, R_EXCLUDED, false},                      /* 5 */
    {revoke, R_REVOKED, true},                         /* 6 */
    {revoke_user, R_REVOKED, true},                    /* 6 */
    {expire, R_EXPIRED, true},                         /* 7 */
    {take_rights, R_NO_RIGHTS, false},                 /* 8 */
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static void each_obstacle_has_its_reason(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    assert_int_equal(decide(&w).reason, R_NONE);
    for (size_t i = 0; i < ROWS; i++) {
        make(&w);
        rows[i].put(&w);
        assert_int_equal(decide(&w).reason, rows[i].reason);
    }
}

static void of_two_the_earlier_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = i + 1; j < ROWS; j++) {
            struct world w;
            make(&w);
            rows[j].put(&w);
            rows[i].put(&w);
            bool is_masked = rows[i].needs_rights && rows[j].reason == R_NO_RIGHTS;
            enum reason expected = is_masked ? R_NO_RIGHTS : rows[i].reason;
            if (decide(&w).reason != expected) {
                fail_msg("rows %zu and %zu: %s, not %s", i, j, reason_info(decide(&w).reason)->name,
                         reason_info(expected)->name);
            }
        }
    }
}

/* All at once, and the first taken away each time. */
static void all_obstacles_fall_in_order(void **state)
{
    (void)state;
    for (size_t first = 0; first < ROWS; first++) {
        struct world w;
        make(&w);
        for (size_t i = first; i < ROWS; i++) {
            rows[i].put(&w);
        }
        assert_int_equal(decide(&w).reason,
                         rows[first].needs_rights ? R_NO_RIGHTS : rows[first].reason);
    }
}

/* Whoever is refused learns what goes with their reason, and nothing else. */
static void a_refusal_tells_nothing_more(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        struct world w;
        make(&w);
        rows[i].put(&w);
        struct access_decision d = decide(&w);
        assert_true(rights_are_none(&d.rights));
        assert_string_equal(d.portal_url,
                            d.reason == R_PORTAL_REQUIRED ? "https://portal.example" : "");
        assert_string_equal(d.referral_contact, d.reason == R_NO_RIGHTS ? "ask@contoso.com" : "");
    }
}

/* Powers outlive revocation and expiry, and stand in for rights; nothing else gives way to them. */
static void the_owner_passes_six_to_eight_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        struct world w;
        make(&w);
        w.policy.owner = "bob@fabrikam.com";
        w.subject.user.tenant = CONTOSO;
        rows[i].put(&w);
        bool is_for_outsiders = rows[i].reason == R_PARTNER_DENIED; /* a member is never denied */
        bool passes = rows[i].needs_rights || rows[i].reason == R_NO_RIGHTS || is_for_outsiders;
        assert_int_equal(decide(&w).reason, passes ? R_NONE : rows[i].reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_obstacle_has_its_reason),
        cmocka_unit_test(of_two_the_earlier_is_told),
        cmocka_unit_test(all_obstacles_fall_in_order),
        cmocka_unit_test(a_refusal_tells_nothing_more),
        cmocka_unit_test(the_owner_passes_six_to_eight_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
