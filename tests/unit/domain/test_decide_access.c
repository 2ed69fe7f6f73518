/* SPDX-License-Identifier: Apache-2.0 */
/* The decision on a license: every row of the design's tables by name, one change at a time from a
 * case that is granted. */
#include "chancery_test.h"

#include <string.h>

#include "domain/decide_access.h"

enum { NOW = 1800000000, DAY = 86400 };

/* A granted case: Alice of Contoso sent Bob of Fabrikam (both commercial) a Do Not Forward mail. */
struct world {
    struct boundary boundaries[4];
    struct platform_view platform;
    struct tenant_view tenant;
    struct template_policy template;
    struct grant grants[2];
    struct exclusion exclusion;
    const char *recipients[2];
    struct policy policy;
    struct subject subject;
    struct access_question q;
};

static const struct rights view_print = {.bits = RIGHT_VIEW | RIGHT_PRINT};
static const struct rights reply = {.bits = RIGHT_REPLY};
static const struct rights print_sign = {
    .bits = RIGHT_PRINT, .custom_count = 1, .custom = {"SIGN"}};
static const struct tenant_id CONTOSO = {{{1}}}, FABRIKAM = {{{2}}};

static void make(struct world *w)
{
    *w = (struct world){
        .boundaries = {{"commercial", SUITE_P256, false, "", "https://portal.example", true},
                       {"gcc", SUITE_P256, false, "", "", true},
                       {"gcc-high", SUITE_P384, true, "", "https://portal.high.example", true},
                       {"dod", SUITE_P384, true, "", "", true}},
        .tenant = {.id = CONTOSO,
                   .name = "contoso",
                   .boundary = "commercial",
                   .state = TENANT_ACTIVE,
                   .license_cap_days = 30},
        .template = {.id = {{{7}}},
                     .version = 3,
                     .is_valid = true,
                     .grant_count = 1,
                     .offline_days = OFFLINE_DAYS_CAP,
                     .referral_contact = "help@contoso.com"},
        .grants = {{{PRINCIPAL_DOMAIN, "fabrikam.com"}, &view_print}},
        .recipients = {"bob@fabrikam.com", "carol@contoso.com"},
        .policy = {.kind = POLICY_DO_NOT_FORWARD,
                   .template_id = {{{7}}},
                   .owner = "alice@contoso.com",
                   .issuer = "gina@contoso.com",
                   .recipient_count = 2,
                   .protected_at = {NOW - DAY},
                   .offline_days = OFFLINE_DAYS_CAP,
                   .referral_contact = "ask@contoso.com"},
        .subject = {.user = {.addresses = {"bob@fabrikam.com"},
                             .address_count = 1,
                             .tenant = FABRIKAM,
                             .tenant_name = "fabrikam",
                             .boundary = "commercial"},
                    .component = {.name = "", .boundary = ""},
                    .application = "",
                    .platform = ""},
        .q = {.now = {NOW}},
    };
    w->platform = (struct platform_view){w->boundaries, 4, NULL, 0};
    w->template.grants = w->grants;
    w->tenant.templates = &w->template;
    w->tenant.template_count = 1;
    w->policy.recipients = w->recipients;
    w->q.platform = &w->platform;
    w->q.tenant = &w->tenant;
    w->q.policy = &w->policy;
    w->q.subject = &w->subject;
}

static struct access_decision decide(const struct world *w)
{
    struct access_decision d;
    decide_access(&w->q, &d);
    return d;
}

static void be(struct world *w, const char *address)
{
    w->subject.user.addresses[0] = address;
}

static void the_recipient_gets_do_not_forward(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    struct access_decision d = decide(&w);
    assert_int_equal(d.reason, R_NONE);
    assert_int_equal(d.rights.bits, RIGHTS_DO_NOT_FORWARD);
    assert_int_equal(d.rights.bits & (RIGHT_FORWARD | RIGHT_PRINT | RIGHT_EXTRACT | RIGHT_EXPORT),
                     0);
    assert_int_equal(d.channel, CHANNEL_NATIVE);
    assert_int_equal(d.power, POWER_NONE);
    assert_true(d.may_cache);
    assert_int_equal(d.license_expires_at.s, NOW + 30 * DAY);
    w.policy.kind = POLICY_ENCRYPT_ONLY;
    assert_int_equal(decide(&w).rights.bits, RIGHTS_ALL & ~(RIGHT_EXPORT | RIGHT_OWNER));
}

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

static void owner_and_issuer_outlive_both(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        enum power power;
    } rows[] = {{"alice@contoso.com", POWER_OWNER}, {"gina@contoso.com", POWER_ISSUER}};
    for (size_t i = 0; i < 2; i++) {
        struct world w;
        make(&w);
        be(&w, rows[i].address);
        w.q.facts.is_revoked = true;
        w.policy.expires_at.s = NOW - DAY;
        struct access_decision d = decide(&w);
        assert_int_equal(d.reason, R_NONE);
        assert_int_equal(d.power, rows[i].power);
        assert_int_equal(d.rights.bits, RIGHTS_ALL);
        assert_int_equal(d.license_expires_at.s, NOW + 30 * DAY);
        w.tenant.state = TENANT_IS_DISABLED;
        assert_int_equal(decide(&w).reason, R_TENANT_DISABLED);
    }
}

static void the_order_of_the_questions(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    /* Everything is against it; one obstacle is taken away at a time. */
    struct boundary_rule block = {"commercial", "commercial", DELIVERY_BLOCK};
    w.platform.rules = &block;
    w.platform.rule_count = 1;
    w.tenant.state = TENANT_IS_DISABLED;
    w.exclusion = (struct exclusion){EXCLUDED_USER, "bob@fabrikam.com"};
    w.tenant.exclusions = &w.exclusion;
    w.tenant.exclusion_count = 1;
    w.q.facts.is_revoked = true;
    w.policy.expires_at.s = NOW - 1;
    assert_int_equal(decide(&w).reason, R_TENANT_DISABLED);
    w.tenant.state = TENANT_ACTIVE;
    assert_int_equal(decide(&w).reason, R_BOUNDARY_BLOCKED);
    block.delivery = DELIVERY_PORTAL;
    assert_int_equal(decide(&w).reason, R_PORTAL_REQUIRED);
    assert_string_equal(decide(&w).portal_url, "https://portal.example");
    block.delivery = DELIVERY_NATIVE;
    assert_int_equal(decide(&w).reason, R_EXCLUDED);
    w.tenant.exclusion_count = 0;
    assert_int_equal(decide(&w).reason, R_REVOKED);
    w.q.facts.is_revoked = false;
    assert_int_equal(decide(&w).reason, R_EXPIRED);
    w.policy.expires_at.s = 0;
    assert_int_equal(decide(&w).reason, R_NONE);
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

/* Content's boundary × reader's boundary, as 3-policy has it. */
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

static void templates_are_bound_late(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    w.policy.kind = POLICY_TEMPLATE;
    struct access_decision d = decide(&w);
    assert_int_equal(d.reason, R_NONE);
    assert_int_equal(d.rights.bits, RIGHT_VIEW | RIGHT_PRINT);
    assert_int_equal(d.policy_version, 3);
    w.template.is_archived = true; /* archived still licenses */
    assert_int_equal(decide(&w).reason, R_NONE);
    w.template.expires_after_days = 1; /* protected a day ago */
    assert_int_equal(decide(&w).reason, R_EXPIRED);
    w.template.expires_after_days = 0;
    w.template.expires_at.s = NOW + 5;
    assert_int_equal(decide(&w).license_expires_at.s, NOW + 5);
    be(&w, "eve@other.example");
    assert_int_equal(decide(&w).reason, R_NO_RIGHTS);
    assert_string_equal(decide(&w).referral_contact, "help@contoso.com");
    be(&w, "bob@fabrikam.com");
    w.template.is_valid = false; /* something unreadable is stored: fail closed */
    assert_int_equal(decide(&w).reason, R_POLICY_INVALID);
    w.tenant.template_count = 0; /* deleted by force: owner and issuer only */
    assert_int_equal(decide(&w).reason, R_TEMPLATE_MISSING);
    be(&w, "alice@contoso.com");
    assert_int_equal(decide(&w).reason, R_NONE);
}

static void offline_days_and_the_cap(void **state)
{
    (void)state;
    static const struct {
        int days;
        int64_t cap, expected;
        bool may_cache;
    } rows[] = {
        {OFFLINE_DAYS_CAP, 30, 30 * DAY, true},
        {7, 30, 7 * DAY, true},
        {90, 30, 30 * DAY, true},
        {OFFLINE_DAYS_NONE, 30, ONLINE_LICENSE_S, false},
        {7, 0, ONLINE_LICENSE_S, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world w;
        make(&w);
        w.policy.offline_days = rows[i].days;
        w.tenant.license_cap_days = rows[i].cap;
        struct access_decision d = decide(&w);
        assert_int_equal(d.license_expires_at.s, NOW + rows[i].expected);
        assert_int_equal(d.may_cache, rows[i].may_cache);
    }
}

static void principals_one_by_one(void **state)
{
    (void)state;
    static const struct {
        struct principal p;
        bool bob;
    } rows[] = {
        {{PRINCIPAL_USER, "bob@fabrikam.com"}, true},
        {{PRINCIPAL_USER, "eve@fabrikam.com"}, false},
        {{PRINCIPAL_USER, "robert@fabrikam.de"}, true},
        {{PRINCIPAL_DOMAIN, "fabrikam.com"}, true},
        {{PRINCIPAL_DOMAIN, "fabrikam.org"}, false},
        {{PRINCIPAL_DOMAIN, "fabrikam.de"}, true},
        {{PRINCIPAL_TENANT, "fabrikam"}, true},
        {{PRINCIPAL_TENANT, "contoso"}, false},
        {{PRINCIPAL_GROUP, "legal@fabrikam.com"}, true},
        {{PRINCIPAL_GROUP, "bob@fabrikam.com"}, false},
        {{PRINCIPAL_RECIPIENTS, ""}, true},
        {{PRINCIPAL_AUTHENTICATED, ""}, true},
        {{PRINCIPAL_OWNER, ""}, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world w;
        make(&w);
        w.subject.user.addresses[1] = "robert@fabrikam.de"; /* an alias */
        w.subject.user.address_count = 2;
        static const char *const groups[] = {"legal@fabrikam.com"};
        w.subject.user.groups = groups;
        w.subject.user.group_count = 1;
        w.policy.kind = POLICY_CUSTOM;
        w.grants[0] = (struct grant){rows[i].p, &view_print};
        w.policy.grants = w.grants;
        w.policy.grant_count = 1;
        assert_int_equal(decide(&w).reason, rows[i].bob ? R_NONE : R_NO_RIGHTS);
        if (rows[i].p.kind == PRINCIPAL_TENANT && rows[i].bob) {
            w.subject.user.is_guest = true;
            assert_int_equal(decide(&w).reason, R_NO_RIGHTS);
        }
    }
}

static void rights_are_the_union_of_all_matches(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    w.policy.kind = POLICY_CUSTOM;
    w.grants[0] = (struct grant){{PRINCIPAL_AUTHENTICATED, ""}, &reply};
    w.grants[1] = (struct grant){{PRINCIPAL_RECIPIENTS, ""}, &print_sign};
    w.policy.grants = w.grants;
    w.policy.grant_count = 2;
    struct access_decision d = decide(&w);
    assert_int_equal(d.rights.bits, RIGHT_VIEW | RIGHT_REPLY | RIGHT_PRINT);
    assert_int_equal(d.rights.custom_count, 1);
    be(&w, "zoe@nowhere.example");
    assert_int_equal(decide(&w).rights.bits, RIGHT_VIEW | RIGHT_REPLY);
}

static void a_decryptor_opens_its_own_tenant_only(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    w.subject.user = (struct subject_user){.tenant_name = "", .boundary = BOUNDARY_EXTERNAL};
    w.subject.component = (struct subject_component){.id = {{{9}}},
                                                     .name = "journal",
                                                     .role = ROLE_DECRYPTOR,
                                                     .tenant = CONTOSO,
                                                     .boundary = "commercial"};
    w.q.facts.is_revoked = true;
    assert_int_equal(decide(&w).reason, R_NONE);
    assert_int_equal(decide(&w).power, POWER_DECRYPTOR);
    w.subject.component.tenant = FABRIKAM;
    assert_int_equal(decide(&w).reason, R_NO_RIGHTS);
    w.subject.component.tenant = CONTOSO;
    w.subject.component.role = ROLE_GATEWAY; /* not what it protected itself */
    assert_int_equal(decide(&w).reason, R_NO_RIGHTS);
    char id[UUID_TEXT_BYTES];
    uuid_format(w.subject.component.id.u, id);
    w.policy.issuer = id;
    assert_int_equal(decide(&w).power, POWER_ISSUER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_recipient_gets_do_not_forward),
        cmocka_unit_test(a_stranger_learns_only_no_rights),
        cmocka_unit_test(revocation_and_expiry_stop_the_recipient),
        cmocka_unit_test(owner_and_issuer_outlive_both),
        cmocka_unit_test(the_order_of_the_questions),
        cmocka_unit_test(exclusions_by_application_and_platform),
        cmocka_unit_test(the_table_of_boundaries),
        cmocka_unit_test(templates_are_bound_late),
        cmocka_unit_test(offline_days_and_the_cap),
        cmocka_unit_test(principals_one_by_one),
        cmocka_unit_test(rights_are_the_union_of_all_matches),
        cmocka_unit_test(a_decryptor_opens_its_own_tenant_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
