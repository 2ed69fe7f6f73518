/* SPDX-License-Identifier: Apache-2.0 */
/* Policies: templates bound late, the ad hoc kinds, and who outlives them. */
#include "access_world.h"
#include "domain/relations/super_user.h"

/* --- ad hoc --------------------------------------------------------------------------------------------------- */

static void do_not_forward_is_for_recipients(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    struct access_decision d = decide(&w);
    assert_int_equal(d.reason, R_NONE);
    assert_int_equal(d.rights.bits, RIGHTS_DO_NOT_FORWARD);
    assert_int_equal(d.power, POWER_NONE);
    assert_int_equal(d.policy_version, 0);
    be(&w, "eve@fabrikam.com");
    assert_int_equal(decide(&w).reason, R_NO_RIGHTS);
    assert_string_equal(decide(&w).referral_contact, "ask@contoso.com");
}

static void encrypt_only_is_for_recipients(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    w.policy.kind = POLICY_ENCRYPT_ONLY;
    assert_int_equal(decide(&w).rights.bits, RIGHTS_ALL & ~(RIGHT_EXPORT | RIGHT_OWNER));
    be(&w, "eve@fabrikam.com");
    assert_int_equal(decide(&w).reason, R_NO_RIGHTS);
}

static void custom_grants_are_what_they_say(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    w.policy.kind = POLICY_CUSTOM;
    w.policy.grants = w.grants;
    w.policy.grant_count = 1;
    assert_int_equal(decide(&w).rights.bits, RIGHT_VIEW | RIGHT_PRINT);
    be(&w, "carol@contoso.com"); /* a recipient, of whom a custom policy does not speak */
    assert_int_equal(decide(&w).reason, R_NO_RIGHTS);
    be(&w, "bob@fabrikam.com");
    w.policy.expires_at.s = NOW;
    assert_int_equal(decide(&w).reason, R_EXPIRED);
}

/* --- templates ------------------------------------------------------------------------------------------------ */

static void use_template(struct world *w)
{
    make(w);
    w->policy.kind = POLICY_TEMPLATE;
}

static void a_template_is_bound_late(void **state)
{
    (void)state;
    static const struct rights reply = {.bits = RIGHT_REPLY};
    struct world w;
    use_template(&w);
    struct access_decision d = decide(&w);
    assert_int_equal(d.rights.bits, RIGHT_VIEW | RIGHT_PRINT);
    assert_int_equal(d.policy_version, 3);
    w.grants[0].rights = &reply; /* changed after the mail was sent */
    w.template.version = 4;
    d = decide(&w);
    assert_int_equal(d.rights.bits, RIGHT_VIEW | RIGHT_REPLY);
    assert_int_equal(d.policy_version, 4);
    w.template.grant_count = 0;
    assert_int_equal(decide(&w).reason, R_NO_RIGHTS);
    assert_string_equal(decide(&w).referral_contact, "help@contoso.com");
}

/* What was changed of one content decides before its template, whose version it is not. */
static void the_amendments_version_where_there_is_one(void **state)
{
    (void)state;
    struct amendment amendment = {.version = 7, .is_valid = true};
    struct world w;
    make(&w);
    w.q.facts.amendment = &amendment;
    assert_int_equal(decide(&w).policy_version, 7);
    use_template(&w);
    w.q.facts.amendment = &amendment;
    assert_int_equal(decide(&w).policy_version, 7);
    be(&w, "eve@agency.us"); /* refused by it, too */
    assert_int_equal(decide(&w).reason, R_NO_RIGHTS);
    assert_int_equal(decide(&w).policy_version, 7);
}

static void an_archived_template_still_licenses(void **state)
{
    (void)state;
    struct world w;
    use_template(&w);
    w.template.is_archived = true;
    assert_int_equal(decide(&w).reason, R_NONE);
}

static void scope_does_not_matter_for_opening(void **state)
{
    (void)state;
    static const struct principal boss = {PRINCIPAL_USER, "boss@contoso.com"};
    struct world w;
    use_template(&w);
    w.template.scope = &boss;
    w.template.scope_count = 1;
    assert_int_equal(decide(&w).reason, R_NONE);
}

static void a_template_that_is_not_understood_grants_nothing(void **state)
{
    (void)state;
    struct world w;
    use_template(&w);
    w.template.is_valid = false;
    w.template.problem = "everybody";
    struct access_decision d = decide(&w);
    assert_int_equal(d.reason, R_POLICY_INVALID);
    assert_string_equal(d.problem, "everybody"); /* for the log */
    assert_string_equal(reason_info(d.reason)->public_name, "NO_RIGHTS");
    assert_string_equal(d.referral_contact, "help@contoso.com");
}

/* Deleted by force: only owner, issuer and super users open what it protected. */
static void a_deleted_template_leaves_powers_only(void **state)
{
    (void)state;
    static const struct super_user dora = {.principal = {PRINCIPAL_USER, "dora@contoso.com"},
                                           .expires_at = {NOW + 1}};
    static const struct {
        const char *address;
        enum reason reason;
    } rows[] = {{"bob@fabrikam.com", R_TEMPLATE_MISSING},
                {"carol@contoso.com", R_TEMPLATE_MISSING},
                {"alice@contoso.com", R_NONE},
                {"gina@contoso.com", R_NONE},
                {"dora@contoso.com", R_NONE}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world w;
        use_template(&w);
        w.tenant.template_count = 0;
        w.tenant.super_users = &dora;
        w.tenant.super_user_count = 1;
        w.subject.user.tenant = CONTOSO;
        be(&w, rows[i].address);
        struct access_decision d = decide(&w);
        assert_int_equal(d.reason, rows[i].reason);
        if (d.reason == R_TEMPLATE_MISSING) {
            assert_string_equal(reason_info(d.reason)->public_name, "NO_RIGHTS");
        } else {
            assert_false(d.may_cache); /* nobody knows for how long it was meant */
        }
    }
}

/* --- who outlives expiry and revocation ------------------------------------------------------------------------ */

static void owner_and_issuer(void **state)
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
        w.subject.user.tenant = CONTOSO;
        w.q.facts.is_revoked = w.q.facts.user_is_revoked = true;
        w.policy.expires_at.s = NOW - DAY;
        struct access_decision d = decide(&w);
        assert_int_equal(d.reason, R_NONE);
        assert_int_equal(d.power, rows[i].power);
        assert_int_equal(d.rights.bits, RIGHTS_ALL);
        w.subject.user.tenant = FABRIKAM; /* the same address, elsewhere */
        assert_int_equal(decide(&w).reason, R_NO_RIGHTS);
    }
}

/* Dora of Contoso, whose power is switched on for an hour more. */
static void make_dora(struct world *w, struct super_user *power)
{
    make(w);
    *power = (struct super_user){.principal = {PRINCIPAL_USER, "dora@contoso.com"},
                                 .expires_at = {NOW + 3600}};
    w->tenant.super_users = power;
    w->tenant.super_user_count = 1;
    be(w, "dora@contoso.com");
    w->subject.user.tenant = CONTOSO;
    w->q.facts.is_revoked = true;
    w->policy.expires_at.s = NOW - 1;
}

/* All rights are the policy's custom ones too, whomever it grants them. */
static void powers_have_the_policys_custom_rights(void **state)
{
    (void)state;
    static const struct rights sign = {.custom_count = 1, .custom = {"SIGN"}};
    struct world w;
    struct super_user power;
    make_dora(&w, &power);
    w.policy.kind = POLICY_CUSTOM;
    w.policy.grants = w.grants;
    w.policy.grant_count = 1;
    w.grants[0] = (struct grant){{PRINCIPAL_USER, "eve@agency.us"}, &sign};
    assert_int_equal(decide(&w).rights.custom_count, 1);
    w.tenant.super_user_count = 0;
    be(&w, "gina@contoso.com");
    assert_int_equal(decide(&w).power, POWER_ISSUER);
    assert_int_equal(decide(&w).rights.custom_count, 1);
    assert_string_equal(decide(&w).rights.custom[0], "SIGN");
}

static void a_super_user_until_the_end_time(void **state)
{
    (void)state;
    struct world w;
    struct super_user power;
    make_dora(&w, &power);
    assert_int_equal(decide(&w).power, POWER_SUPER_USER);
    assert_int_equal(decide(&w).rights.bits, RIGHTS_ALL);
    power.expires_at.s = NOW;
    assert_int_equal(decide(&w).reason, R_NO_RIGHTS);
    w.tenant.super_user_count = 0; /* off by default */
    assert_int_equal(decide(&w).reason, R_NO_RIGHTS);
}

static void a_super_user_within_his_tenant(void **state)
{
    (void)state;
    struct world w;
    struct super_user power;
    make_dora(&w, &power);
    w.subject.user.is_guest = true;
    assert_int_equal(decide(&w).reason, R_NO_RIGHTS);
    make_dora(&w, &power);
    w.subject.user.tenant = FABRIKAM; /* by the same address, but elsewhere */
    assert_int_equal(decide(&w).reason, R_NO_RIGHTS);
    make_dora(&w, &power);
    w.tenant.boundary = "gcc-high"; /* power is no way around the boundary */
    assert_int_equal(decide(&w).reason, R_PORTAL_REQUIRED);
}

static void super_users_by_group_and_by_component(void **state)
{
    (void)state;
    static const char *const groups[] = {"ediscovery@contoso.com"};
    struct world w;
    struct super_user power;
    make_dora(&w, &power);
    power.principal = (struct principal){PRINCIPAL_GROUP, "ediscovery@contoso.com"};
    assert_int_equal(decide(&w).reason, R_NO_RIGHTS);
    w.subject.user.groups = groups;
    w.subject.user.group_count = 1;
    assert_int_equal(decide(&w).power, POWER_SUPER_USER);

    power =
        (struct super_user){.is_component = true, .component = {{{9}}}, .expires_at = {NOW + 3600}};
    w.subject.component = (struct subject_component){.id = {{{9}}},
                                                     .name = "dlp",
                                                     .role = ROLE_CLIENT,
                                                     .tenant = CONTOSO,
                                                     .boundary = "commercial"};
    assert_int_equal(decide(&w).reason,
                     R_NO_RIGHTS); /* a person comes with it: its power is not theirs */
    w.subject.user.address_count = 0;
    assert_int_equal(decide(&w).power, POWER_SUPER_USER);
    w.subject.component.tenant = FABRIKAM;
    assert_int_equal(decide(&w).reason, R_NO_RIGHTS);
}

/* A component's power is that of the one component, and of one that proved itself. */
static void a_component_is_a_super_user_by_its_id(void **state)
{
    (void)state;
    struct world w;
    struct super_user power;
    make_dora(&w, &power);
    power =
        (struct super_user){.is_component = true, .component = {{{9}}}, .expires_at = {NOW + 3600}};
    w.subject = (struct subject){.user = {.boundary = ""},
                                 .component = {.id = {{{9}}}, .tenant = CONTOSO, .boundary = ""}};
    assert_int_equal(super_user_until(&w.tenant, &w.subject, w.q.now).s, 0);
    w.subject.component.role = ROLE_CLIENT;
    assert_int_equal(super_user_until(&w.tenant, &w.subject, w.q.now).s, NOW + 3600);
    w.subject.component.id.u.b[0] = 8;
    assert_int_equal(super_user_until(&w.tenant, &w.subject, w.q.now).s, 0);
}

/* What is the caller's own is not recorded as a power that was lent to them. */
static void an_owner_who_is_a_super_user_is_the_owner(void **state)
{
    (void)state;
    struct world w;
    struct super_user power;
    make_dora(&w, &power);
    w.policy.owner = "dora@contoso.com";
    assert_int_equal(decide(&w).power, POWER_OWNER);
}

/* Whatever its role: only the grant that names it. */
static void a_decryptor_by_the_grant_that_names_it(void **state)
{
    (void)state;
    char id[UUID_TEXT_BYTES];
    struct world w;
    struct super_user power;
    make_dora(&w, &power);
    w.subject.user = (struct subject_user){.tenant_name = "", .boundary = BOUNDARY_EXTERNAL};
    w.subject.component = (struct subject_component){.id = {{{9}}},
                                                     .name = "journal",
                                                     .role = ROLE_DECRYPTOR,
                                                     .tenant = CONTOSO,
                                                     .boundary = "commercial"};
    assert_int_equal(decide(&w).reason, R_NO_RIGHTS);
    uuid_format(w.subject.component.id.u, id);
    w.policy.issuer = id; /* nor by what it protected */
    assert_int_equal(decide(&w).reason, R_NO_RIGHTS);
    power =
        (struct super_user){.is_component = true, .component = {{{9}}}, .expires_at = {NOW + 3600}};
    assert_int_equal(decide(&w).power, POWER_DECRYPTOR);
    assert_int_equal(decide(&w).rights.bits, RIGHTS_ALL);
    w.subject.component.role = ROLE_GATEWAY;
    assert_int_equal(decide(&w).power, POWER_SUPER_USER);
    w.subject.component.role = ROLE_DECRYPTOR;
    w.subject.component.tenant = FABRIKAM;
    assert_int_equal(decide(&w).reason, R_NO_RIGHTS);
    w.subject.component.tenant = CONTOSO;
    w.q.now.s = NOW + 3600;
    assert_int_equal(decide(&w).reason, R_NO_RIGHTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(do_not_forward_is_for_recipients),
        cmocka_unit_test(encrypt_only_is_for_recipients),
        cmocka_unit_test(custom_grants_are_what_they_say),
        cmocka_unit_test(a_template_is_bound_late),
        cmocka_unit_test(the_amendments_version_where_there_is_one),
        cmocka_unit_test(an_archived_template_still_licenses),
        cmocka_unit_test(scope_does_not_matter_for_opening),
        cmocka_unit_test(a_template_that_is_not_understood_grants_nothing),
        cmocka_unit_test(a_deleted_template_leaves_powers_only),
        cmocka_unit_test(owner_and_issuer),
        cmocka_unit_test(powers_have_the_policys_custom_rights),
        cmocka_unit_test(a_super_user_until_the_end_time),
        cmocka_unit_test(a_super_user_within_his_tenant),
        cmocka_unit_test(super_users_by_group_and_by_component),
        cmocka_unit_test(a_component_is_a_super_user_by_its_id),
        cmocka_unit_test(an_owner_who_is_a_super_user_is_the_owner),
        cmocka_unit_test(a_decryptor_by_the_grant_that_names_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
