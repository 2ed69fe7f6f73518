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

static void consumers_accounts_may_be_refused(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    w.tenant.switches = TENANT_SOCIAL_OFF;
    w.subject.user.sign_in = SIGN_IN_WORK;
    assert_int_equal(decide(&w).reason, R_NONE);
    w.subject.user.sign_in = SIGN_IN_PASSCODE;
    assert_int_equal(decide(&w).reason, R_NONE);
    for (int kind = SIGN_IN_MICROSOFT; kind <= SIGN_IN_OTHER_CONSUMER; kind++) {
        w.subject.user.sign_in = (enum sign_in)kind;
        assert_int_equal(decide(&w).reason, R_SIGN_IN_REFUSED);
    }
    w.q.facts.is_revoked = true;
    assert_int_equal(decide(&w).reason, R_SIGN_IN_REFUSED); /* 4 before 6 */
    w.subject.user.boundary = BOUNDARY_EXTERNAL;
    assert_int_equal(decide(&w).reason, R_PORTAL_REQUIRED);
    make(&w);
    w.subject.user.sign_in = SIGN_IN_GOOGLE;
    assert_int_equal(decide(&w).reason, R_NONE);
}

static void attachments_are_freed_under_encrypt_only(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    w.tenant.switches = TENANT_ATTACHMENTS_FREED;
    assert_false(decide(&w).frees_attachments);
    w.policy.kind = POLICY_ENCRYPT_ONLY;
    assert_true(decide(&w).frees_attachments);
    w.q.facts.is_revoked = true;
    assert_false(decide(&w).frees_attachments);
    w.q.facts.is_revoked = false;
    w.tenant.switches = 0;
    assert_false(decide(&w).frees_attachments);
}

/* Brandings of Contoso; Bob of Fabrikam reads from outside, Carol from within. */
static void limit(struct world *w)
{
    static const struct branding_limits limits[] = {
        {"a-week", 7, 0}, {"free", 0, 0}, {"work", 0, 1U << SIGN_IN_WORK}};
    make(w);
    w->tenant.brandings = limits;
    w->tenant.branding_count = 3;
    w->subject.user.sign_in = SIGN_IN_WORK;
    w->policy.branding = "a-week";
    w->policy.protected_at.s = NOW - 7 * DAY + 60;
}

static void be_carol(struct world *w)
{
    be(w, "carol@contoso.com");
    w->subject.user.tenant = CONTOSO;
    w->subject.user.tenant_name = "contoso";
}

static void content_ends_earlier_for_readers_outside(void **state)
{
    (void)state;
    struct world w;
    limit(&w);
    assert_int_equal(decide(&w).reason, R_NONE);
    assert_int_equal(decide(&w).content_expires_at.s, NOW + 60);
    assert_int_equal(decide(&w).license_expires_at.s, NOW + 60);
    w.q.now.s = NOW + 60;
    assert_int_equal(decide(&w).reason, R_EXPIRED);
    be_carol(&w);
    assert_int_equal(decide(&w).reason, R_NONE);
    assert_int_equal(decide(&w).content_expires_at.s, 0);
    w.subject.user.is_guest = true;
    assert_int_equal(decide(&w).reason, R_EXPIRED);
    limit(&w);
    w.policy.expires_at.s = NOW + 30; /* for all, which is earlier */
    assert_int_equal(decide(&w).content_expires_at.s, NOW + 30);
    limit(&w);
    w.q.now.s = NOW + DAY;
    static const char *const unlimited[] = {"free", "gone", "", NULL};
    for (size_t i = 0; i < 4; i++) {
        w.policy.branding = unlimited[i];
        assert_int_equal(decide(&w).reason, R_NONE);
    }
}

static void readers_outside_sign_in_as_the_branding_says(void **state)
{
    (void)state;
    struct world w;
    limit(&w);
    w.policy.branding = "work";
    assert_int_equal(decide(&w).reason, R_NONE);
    w.subject.user.sign_in = SIGN_IN_PASSCODE;
    assert_int_equal(decide(&w).reason, R_SIGN_IN_REFUSED);
    w.policy.branding = "free";
    assert_int_equal(decide(&w).reason, R_NONE);
    w.policy.branding = "work";
    be_carol(&w);
    assert_int_equal(decide(&w).reason, R_NONE);
}

static void providers_are_known_by_their_iss(void **state)
{
    (void)state;
    assert_int_equal(sign_in_by(ISSUER_TENANT, "https://accounts.google.com"), SIGN_IN_WORK);
    assert_int_equal(sign_in_by(ISSUER_MULTI_TENANT, ""), SIGN_IN_WORK);
    assert_int_equal(sign_in_by(ISSUER_PASSCODE, ""), SIGN_IN_PASSCODE);
    assert_int_equal(sign_in_by(ISSUER_COMPONENT, ""), SIGN_IN_NONE);
    assert_int_equal(sign_in_by(ISSUER_CONSUMER, "https://accounts.google.com"), SIGN_IN_GOOGLE);
    assert_int_equal(sign_in_by(ISSUER_CONSUMER, "https://api.login.yahoo.com"), SIGN_IN_YAHOO);
    assert_int_equal(sign_in_by(ISSUER_CONSUMER, "https://login.microsoftonline.com/"
                                                 "9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"),
                     SIGN_IN_MICROSOFT);
    assert_int_equal(sign_in_by(ISSUER_CONSUMER, "https://accounts.google.com/"),
                     SIGN_IN_OTHER_CONSUMER);
    assert_false(sign_in_is_social(SIGN_IN_NONE));
    assert_false(sign_in_is_social(SIGN_IN_WORK));
    assert_false(sign_in_is_social(SIGN_IN_PASSCODE));
}

/* EXPORT is asked for last, and by whatever the caller has it. */
static void taking_protection_off_needs_export(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    w.q.needs_export = true;
    struct access_decision d = decide(&w);
    assert_int_equal(d.reason, R_RIGHT_MISSING);
    assert_int_equal(d.rights.bits, 0);
    w.policy.kind = POLICY_ENCRYPT_ONLY;
    assert_int_equal(decide(&w).reason, R_RIGHT_MISSING);
    w.q.facts.is_revoked = true;
    assert_int_equal(decide(&w).reason, R_REVOKED);
    be(&w, "eve@fabrikam.com");
    assert_int_equal(decide(&w).reason, R_NO_RIGHTS);
    be(&w, "alice@contoso.com");
    w.subject.user.tenant = CONTOSO;
    assert_int_equal(decide(&w).reason, R_NONE);
    assert_int_equal(decide(&w).power, POWER_OWNER);
}

static void be_gateway(struct world *w)
{
    w->subject = (struct subject){.component = {.name = "gateway",
                                                .id = {{{9}}},
                                                .role = ROLE_GATEWAY,
                                                .tenant = CONTOSO,
                                                .boundary = "commercial"},
                                  .application = "",
                                  .platform = ""};
}

/* Off, optional, mandatory; the journal apart from it. */
static void gateways_open_what_the_tenant_says(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    be_gateway(&w);
    assert_int_equal(decide(&w).reason, R_NO_RIGHTS); /* without a purpose it is nobody */
    w.q.purpose = FOR_SCAN;
    w.tenant.transport_decryption = TRANSPORT_DECRYPTION_OFF;
    w.tenant.switches = TENANT_JOURNALS_IN_CLEAR;
    assert_int_equal(decide(&w).reason, R_DECRYPTION_OFF);
    for (int says = TRANSPORT_DECRYPTION_OPTIONAL; says <= TRANSPORT_DECRYPTION_MANDATORY; says++) {
        w.tenant.transport_decryption = (enum transport_decryption)says;
        struct access_decision d = decide(&w);
        assert_int_equal(d.reason, R_NONE);
        assert_int_equal(d.power, POWER_DECRYPTOR);
        assert_false(d.may_cache);
        assert_int_equal(d.license_expires_at.s, NOW + ONLINE_LICENSE_S);
    }
    w.q.purpose = FOR_JOURNAL;
    assert_int_equal(decide(&w).power, POWER_DECRYPTOR);
    w.tenant.switches = ~(uint32_t)TENANT_JOURNALS_IN_CLEAR;
    assert_int_equal(decide(&w).reason, R_DECRYPTION_OFF);
    w.tenant.transport_decryption = (enum transport_decryption)0; /* what can't be read is off */
    w.q.purpose = FOR_SCAN;
    assert_int_equal(decide(&w).reason, R_DECRYPTION_OFF);
}

/* A sender who takes a mail back at once doesn't keep it from being scanned; what stops everybody does. */
static void scans_outlive_revocation_and_not_exclusion(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    be_gateway(&w);
    w.q.purpose = FOR_SCAN;
    w.tenant.transport_decryption = TRANSPORT_DECRYPTION_OPTIONAL;
    w.q.facts.is_revoked = true;
    w.policy.expires_at.s = NOW - 1;
    assert_int_equal(decide(&w).reason, R_NONE);
    w.subject.application = "scanner";
    w.exclusion = (struct exclusion){EXCLUDED_APPLICATION, "scanner"};
    w.tenant.exclusions = &w.exclusion;
    w.tenant.exclusion_count = 1;
    assert_int_equal(decide(&w).reason, R_EXCLUDED);
    w.tenant.exclusion_count = 0;
    w.tenant.state = TENANT_IS_DISABLED;
    assert_int_equal(decide(&w).reason, R_TENANT_DISABLED);
}

static void purposes_are_for_own_gateways_alone(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    w.tenant.transport_decryption = TRANSPORT_DECRYPTION_MANDATORY;
    assert_int_equal(decide(&w).reason, R_NONE);
    w.q.purpose = FOR_SCAN;
    assert_int_equal(decide(&w).reason, R_COMPONENT_ROLE); /* a reader with rights */
    struct subject_user bob = w.subject.user;
    be_gateway(&w);
    w.subject.user = bob; /* a gateway that brings one */
    assert_int_equal(decide(&w).reason, R_COMPONENT_ROLE);
    be_gateway(&w);
    w.subject.component.role = ROLE_DECRYPTOR;
    assert_int_equal(decide(&w).reason, R_COMPONENT_ROLE);
    be_gateway(&w);
    w.subject.component.tenant = FABRIKAM;
    assert_int_equal(decide(&w).reason, R_COMPONENT_TENANT);
    w.subject.component.tenant = TENANT_PLATFORM;
    assert_int_equal(decide(&w).reason, R_COMPONENT_TENANT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stranger_learns_only_no_rights),
        cmocka_unit_test(taking_protection_off_needs_export),
        cmocka_unit_test(content_ends_earlier_for_readers_outside),
        cmocka_unit_test(readers_outside_sign_in_as_the_branding_says),
        cmocka_unit_test(providers_are_known_by_their_iss),
        cmocka_unit_test(consumers_accounts_may_be_refused),
        cmocka_unit_test(attachments_are_freed_under_encrypt_only),
        cmocka_unit_test(revocation_and_expiry_stop_the_recipient),
        cmocka_unit_test(exclusions_by_application_and_platform),
        cmocka_unit_test(the_table_of_boundaries),
        cmocka_unit_test(an_unreadable_amendment_is_told_to_the_log),
        cmocka_unit_test(power_may_be_left_aside),
        cmocka_unit_test(gateways_open_what_the_tenant_says),
        cmocka_unit_test(scans_outlive_revocation_and_not_exclusion),
        cmocka_unit_test(purposes_are_for_own_gateways_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
