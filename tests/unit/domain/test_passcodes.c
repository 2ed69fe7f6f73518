/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets a one-time passcode, and as whom its bearer comes (docs/policy.md §9). */
#include "access_world.h"

#include "domain/decide/decide_authority.h"
#include "domain/decide/decide_passcode.h"
#include "domain/relations/effective_policy.h"
#include "domain/relations/vouching.h"

static const struct content_id CONTENT = {{{42}}}, OTHER = {{{43}}};
static const struct component_id PORTAL = {{{9}}};

/* Alice's mail to Bob, and the platform's portal of its boundary, which asks for him. */
struct desk {
    struct world w;
    struct subject portal;
    struct passcode_question q;
};

static void open_desk(struct desk *d)
{
    make(&d->w);
    d->w.platform.boundaries = d->w.boundaries;
    d->w.platform.boundary_count = 4;
    d->w.policy.recipients = d->w.recipients;
    d->portal = (struct subject){.user = {.tenant_name = "", .boundary = BOUNDARY_EXTERNAL},
                                 .component = {.id = PORTAL,
                                               .name = "portal",
                                               .role = ROLE_PORTAL,
                                               .boundary = "commercial"},
                                 .application = "",
                                 .platform = ""};
    d->q = (struct passcode_question){.platform = &d->w.platform,
                                      .tenant = &d->w.tenant,
                                      .policy = &d->w.policy,
                                      .content = CONTENT,
                                      .portal = &d->portal,
                                      .address = "bob@fabrikam.com",
                                      .now = {NOW}};
}

static struct passcode_decision ask(const struct desk *d)
{
    struct passcode_decision decision;
    decide_passcode(&d->q, &decision);
    return decision;
}

static bool is_mailed(const struct desk *d)
{
    struct passcode_decision decision = ask(d);
    assert_int_equal(decision.reason, R_NONE);
    return decision.is_mailed;
}

static void recipients_get_one_and_others_learn_nothing(void **state)
{
    (void)state;
    struct desk d;
    open_desk(&d);
    assert_true(is_mailed(&d));
    d.q.address = "eve@mail.example";
    assert_false(is_mailed(&d));
    d.w.policy.recipient_count = 0;
    d.q.address = "bob@fabrikam.com";
    assert_false(is_mailed(&d));
}

static void grants_to_an_address_or_its_domain_name_it(void **state)
{
    (void)state;
    static const struct {
        struct principal principal;
        bool names;
    } cases[] = {
        {{PRINCIPAL_USER, "bob@fabrikam.com"}, true},   {{PRINCIPAL_DOMAIN, "fabrikam.com"}, true},
        {{PRINCIPAL_USER, "eve@fabrikam.com"}, false},  {{PRINCIPAL_DOMAIN, "contoso.com"}, false},
        {{PRINCIPAL_AUTHENTICATED, ""}, false},         {{PRINCIPAL_TENANT, "fabrikam"}, false},
        {{PRINCIPAL_GROUP, "bob@fabrikam.com"}, false}, {{PRINCIPAL_OWNER, ""}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct desk d;
        open_desk(&d);
        d.w.policy.kind = POLICY_CUSTOM;
        d.w.policy.recipient_count = 0;
        d.w.grants[0] = (struct grant){.principal = cases[i].principal, .rights = &view_print};
        d.w.policy.grants = d.w.grants;
        d.w.policy.grant_count = 1;
        assert_int_equal(is_mailed(&d), cases[i].names);
    }
}

/* A recipient whose rights come by a grant to nobody in particular was sent it all the same. */
static void a_recipient_with_rights_by_another_name(void **state)
{
    (void)state;
    struct desk d;
    open_desk(&d);
    d.w.policy.kind = POLICY_CUSTOM;
    d.w.grants[0] =
        (struct grant){.principal = {PRINCIPAL_AUTHENTICATED, ""}, .rights = &view_print};
    d.w.policy.grants = d.w.grants;
    d.w.policy.grant_count = 1;
    assert_true(is_mailed(&d));
}

static void whoever_had_rights_gets_one_to_hear_why_not(void **state)
{
    (void)state;
    struct desk d;
    open_desk(&d);
    d.q.facts.is_revoked = true;
    assert_true(is_mailed(&d));
    d.w.policy.expires_at.s = NOW;
    assert_true(is_mailed(&d));
    d.q.address = "eve@mail.example";
    assert_false(is_mailed(&d));
}

static void amendments_and_exclusions_count(void **state)
{
    (void)state;
    static const struct principal removed[] = {{PRINCIPAL_USER, "bob@fabrikam.com"}};
    const struct amendment amendment = {
        .version = 1, .is_valid = true, .removed = removed, .removed_count = 1};
    struct desk d;
    open_desk(&d);
    d.q.facts.amendment = &amendment;
    assert_false(is_mailed(&d));
    open_desk(&d);
    d.w.exclusion = (struct exclusion){EXCLUDED_USER, "bob@fabrikam.com"};
    d.w.tenant.exclusions = &d.w.exclusion;
    d.w.tenant.exclusion_count = 1;
    assert_false(is_mailed(&d));
}

/* The same for an address to which the content was sent and for one to which it wasn't. */
static void what_everybody_may_hear(void **state)
{
    (void)state;
    static const char *const addresses[] = {"bob@fabrikam.com", "eve@mail.example"};
    static const struct boundary_rule blocked[] = {{"commercial", "external", DELIVERY_BLOCK}};
    for (size_t i = 0; i < 2; i++) {
        struct desk d;
        open_desk(&d);
        d.q.address = addresses[i];
        d.q.is_domain_of_tenant = true;
        assert_int_equal(ask(&d).reason, R_PASSCODE_SIGN_IN);
        d.w.tenant.has_passcodes_off = true;
        assert_int_equal(ask(&d).reason, R_PASSCODES_OFF);
        d.portal.component.boundary = "gcc-high";
        assert_int_equal(ask(&d).reason, R_PORTAL_REQUIRED);
        assert_string_equal(ask(&d).portal_url, "https://portal.example");
        d.w.platform.rules = blocked;
        d.w.platform.rule_count = 1;
        assert_int_equal(ask(&d).reason, R_BOUNDARY_BLOCKED);
        d.w.tenant.state = TENANT_IS_DISABLED;
        assert_int_equal(ask(&d).reason, R_TENANT_DISABLED);
        assert_false(ask(&d).is_mailed);
    }
}

/* --- as whom they come -------------------------------------------------------------------------- */

static enum reason authority_of(const struct tenant_view *tenant, struct token_claims claims,
                                bool is_domain_of_tenant, struct subject_user *out)
{
    static const struct issuer issuer = {.kind = ISSUER_PASSCODE, .boundary = "commercial"};
    return decide_authority(
        &(struct authority_question){.issuer = &issuer,
                                     .claims = &claims,
                                     .content_tenant = tenant,
                                     .is_domain_of_tenant = is_domain_of_tenant},
        out);
}

static void the_bearer_is_a_stranger_with_one_address(void **state)
{
    (void)state;
    const struct token_claims good = {.addresses = {{"kim@mail.example", ADDRESS_VERIFIED, true},
                                                    {"x@y.example", ADDRESS_VERIFIED, false}},
                                      .address_count = 2,
                                      .content = CONTENT,
                                      .portal = PORTAL};
    struct tenant_view tenant = {.id = CONTOSO, .state = TENANT_ACTIVE};
    struct token_claims claims = good;
    struct subject_user user;
    assert_int_equal(authority_of(&tenant, good, false, &user), R_NONE);
    assert_int_equal(user.address_count, 1);
    assert_true(ID_IS_ZERO(user.tenant) && subject_user_is_by_passcode(&user));
    assert_string_equal(user.boundary, BOUNDARY_EXTERNAL);
    assert_true(ID_EQ(user.only_content, CONTENT) && ID_EQ(user.only_portal, PORTAL));
    assert_int_equal(authority_of(&tenant, good, true, &user), R_TOKEN_NO_ADDRESS);
    assert_int_equal(authority_of(NULL, good, false, &user), R_TENANT_DISABLED);
    claims.content = (struct content_id){0};
    assert_int_equal(authority_of(&tenant, claims, false, &user), R_TOKEN_CLAIM_INVALID);
    claims = good;
    claims.portal = (struct component_id){0};
    assert_int_equal(authority_of(&tenant, claims, false, &user), R_TOKEN_CLAIM_INVALID);
    claims = good;
    claims.addresses[0].word = ADDRESS_UNSAID;
    assert_int_equal(authority_of(&tenant, claims, false, &user), R_TOKEN_CLAIM_INVALID);
    claims = good;
    claims.address_count = 0;
    assert_int_equal(authority_of(&tenant, claims, false, &user), R_TOKEN_CLAIM_INVALID);
    tenant.has_passcodes_off = true;
    assert_int_equal(authority_of(&tenant, good, false, &user), R_PASSCODES_OFF);
    tenant.state = TENANT_IS_DISABLED;
    assert_int_equal(authority_of(&tenant, good, false, &user), R_TENANT_DISABLED);
}

static struct subject bearer(struct desk *d)
{
    struct subject subject = d->portal;
    subject.user = (struct subject_user){.addresses = {"bob@fabrikam.com"},
                                         .address_count = 1,
                                         .tenant_name = "",
                                         .boundary = BOUNDARY_EXTERNAL,
                                         .only_content = CONTENT,
                                         .only_portal = PORTAL};
    return subject;
}

static void only_their_portal_vouches_for_them(void **state)
{
    (void)state;
    struct desk d;
    open_desk(&d);
    struct subject subject = bearer(&d);
    assert_true(vouching_covers(&subject));
    assert_false(vouching_binds(&subject));
    subject.component.id.u.b[0]++;
    assert_false(vouching_covers(&subject));
    subject = bearer(&d);
    subject.component.role = ROLE_GATEWAY;
    assert_false(vouching_covers(&subject));
    subject = bearer(&d);
    subject.component.tenant = CONTOSO;
    assert_false(vouching_covers(&subject));
    subject.component = (struct subject_component){.name = "", .boundary = ""};
    assert_false(vouching_covers(&subject));
}

static void they_read_this_content_alone(void **state)
{
    (void)state;
    struct desk d;
    struct access_decision decision;
    open_desk(&d);
    const struct subject subject = bearer(&d);
    struct access_question q = {.platform = &d.w.platform,
                                .tenant = &d.w.tenant,
                                .policy = &d.w.policy,
                                .content = CONTENT,
                                .subject = &subject,
                                .now = {NOW}};
    decide_access(&q, &decision);
    assert_int_equal(decision.reason, R_NONE);
    assert_int_equal(decision.channel, CHANNEL_PORTAL);
    assert_int_equal(decision.license_expires_at.s, NOW + PORTAL_LICENSE_S);
    q.content = OTHER;
    d.w.tenant.state = TENANT_IS_DISABLED; /* who they are comes first */
    decide_access(&q, &decision);
    assert_int_equal(decision.reason, R_PASSCODE_CONTENT);
}

static void no_directory_is_asked_for_their_groups(void **state)
{
    (void)state;
    struct desk d;
    open_desk(&d);
    struct subject subject = bearer(&d);
    d.w.policy.kind = POLICY_CUSTOM;
    d.w.grants[0] =
        (struct grant){.principal = {PRINCIPAL_GROUP, "all@contoso.com"}, .rights = &view_print};
    d.w.policy.grants = d.w.grants;
    d.w.policy.grant_count = 1;
    const struct effective_policy now = effective_policy_of(&d.w.tenant, &d.w.policy, NULL);
    assert_false(effective_policy_needs_groups(&now, &d.w.tenant, &subject));
    subject.user.only_content = (struct content_id){0};
    assert_true(effective_policy_needs_groups(&now, &d.w.tenant, &subject));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recipients_get_one_and_others_learn_nothing),
        cmocka_unit_test(grants_to_an_address_or_its_domain_name_it),
        cmocka_unit_test(a_recipient_with_rights_by_another_name),
        cmocka_unit_test(whoever_had_rights_gets_one_to_hear_why_not),
        cmocka_unit_test(amendments_and_exclusions_count),
        cmocka_unit_test(what_everybody_may_hear),
        cmocka_unit_test(the_bearer_is_a_stranger_with_one_address),
        cmocka_unit_test(only_their_portal_vouches_for_them),
        cmocka_unit_test(they_read_this_content_alone),
        cmocka_unit_test(no_directory_is_asked_for_their_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
