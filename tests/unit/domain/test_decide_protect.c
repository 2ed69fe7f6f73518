/* SPDX-License-Identifier: Apache-2.0 */
/* Who may protect, and under which policy: one change at a time from a case that is allowed. */
#include "chancery_test.h"

#include "domain/decide/decide_protect.h"
#include "domain/decide/decide_publisher.h"

static const struct tenant_id CONTOSO = {{{1}}}, FABRIKAM = {{{2}}};
static const char *const domains[] = {"contoso.com", "contoso.de"};
static const char *const recipients[] = {"bob@fabrikam.com"};

static const struct rights view = {.bits = RIGHT_VIEW};

struct world {
    struct tenant_view tenant;
    struct template_policy template;
    struct grant grant;
    struct principal onboarding;
    struct exclusion exclusion;
    struct policy policy;
    struct subject subject;
};

/* Alice of Contoso protects her own mail under Do Not Forward. */
static void make(struct world *w)
{
    *w = (struct world){
        .tenant = {.id = CONTOSO,
                   .name = "contoso",
                   .boundary = "commercial",
                   .state = TENANT_ACTIVE,
                   .domains = domains,
                   .domain_count = 2},
        .template = {.id = {{{7}}}, .is_valid = true, .grant_count = 1},
        .grant = {{PRINCIPAL_AUTHENTICATED, ""}, &view},
        .policy = {.kind = POLICY_DO_NOT_FORWARD,
                   .template_id = {{{7}}},
                   .owner = "alice@contoso.com",
                   .recipients = recipients,
                   .recipient_count = 1},
        .subject = {.user = {.addresses = {"alice@contoso.com"},
                             .address_count = 1,
                             .tenant = CONTOSO,
                             .tenant_name = "contoso",
                             .boundary = "commercial"},
                    .component = {.name = "", .boundary = ""},
                    .application = "",
                    .platform = ""},
    };
    w->template.grants = &w->grant;
    w->tenant.templates = &w->template;
    w->tenant.template_count = 1;
}

static enum reason decide(const struct world *w)
{
    return decide_protect(&(struct protect_question){&w->tenant, &w->subject, &w->policy});
}

static void a_member_protects_as_herself(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    assert_int_equal(decide(&w), R_NONE);
    w.policy.owner = "carol@contoso.com";
    assert_int_equal(decide(&w), R_PROTECT_DENIED);
    make(&w);
    w.subject.user.is_guest = true;
    assert_int_equal(decide(&w), R_PROTECT_DENIED);
    make(&w);
    w.subject.user.tenant = FABRIKAM;
    assert_int_equal(decide(&w), R_PROTECT_DENIED);
    make(&w);
    w.tenant.state = TENANT_IS_DISABLED;
    assert_int_equal(decide(&w), R_TENANT_DISABLED);
}

static void onboarding_and_exclusion(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    w.tenant.onboarding = &w.onboarding;
    w.tenant.onboarding_count = 1;
    w.onboarding = (struct principal){PRINCIPAL_USER, "pilot@contoso.com"};
    assert_int_equal(decide(&w), R_PROTECT_DENIED);
    w.onboarding = (struct principal){PRINCIPAL_DOMAIN, "contoso.com"};
    assert_int_equal(decide(&w), R_NONE);
    w.tenant.onboarding_problem =
        "user:?"; /* one that can't be read: it might be what keeps her out */
    assert_int_equal(decide(&w), R_ONBOARDING_INVALID);
    w.exclusion = (struct exclusion){EXCLUDED_USER, "alice@contoso.com"};
    w.tenant.exclusions = &w.exclusion;
    w.tenant.exclusion_count = 1;
    assert_int_equal(decide(&w), R_EXCLUDED);
}

static void a_gateway_speaks_for_its_senders_only(void **state)
{
    (void)state;
    static const char *const senders[] = {"contoso.com", "fabrikam.com"};
    struct world w;
    make(&w);
    w.subject.user.address_count = 0;
    w.subject.component = (struct subject_component){.id = {{{9}}},
                                                     .name = "edge",
                                                     .role = ROLE_GATEWAY,
                                                     .tenant = CONTOSO,
                                                     .boundary = "commercial",
                                                     .sender_domains = senders,
                                                     .sender_domain_count = 2};
    assert_int_equal(decide(&w), R_NONE);
    w.policy.owner = "alice@contoso.de"; /* the tenant's, but not the gateway's */
    assert_int_equal(decide(&w), R_COMPONENT_DOMAIN);
    w.policy.owner = "bob@fabrikam.com"; /* the gateway's, but not the tenant's */
    assert_int_equal(decide(&w), R_COMPONENT_DOMAIN);
    w.policy.owner = "alice@contoso.com";
    w.subject.component.tenant = FABRIKAM;
    assert_int_equal(decide(&w), R_COMPONENT_TENANT);
    w.subject.component.tenant = TENANT_PLATFORM; /* a shared gateway */
    assert_int_equal(decide(&w), R_NONE);
    w.subject.component.boundary = ""; /* of any boundary */
    assert_int_equal(decide(&w), R_NONE);
    w.subject.component.boundary = "gcc-high";
    assert_int_equal(decide(&w), R_COMPONENT_TENANT);
}

static void templates_by_state_and_scope(void **state)
{
    (void)state;
    struct world w;
    struct principal scope = {PRINCIPAL_USER, "boss@contoso.com"};
    make(&w);
    w.policy.kind = POLICY_TEMPLATE;
    w.policy.recipient_count = 0;
    assert_int_equal(decide(&w), R_NONE);
    w.template.is_archived = true;
    assert_int_equal(decide(&w), R_TEMPLATE_ARCHIVED);
    w.template.scope = &scope;
    w.template.scope_count = 1;
    assert_int_equal(decide(&w),
                     R_TEMPLATE_SCOPE); /* out of scope comes before what state it has */
    scope.name = "alice@contoso.com";
    assert_int_equal(decide(&w), R_TEMPLATE_ARCHIVED);
    make(&w);
    w.policy.kind = POLICY_TEMPLATE;
    w.template.is_valid = false;
    assert_int_equal(decide(&w), R_POLICY_INVALID);
    w.tenant.template_count = 0;
    assert_int_equal(decide(&w), R_TEMPLATE_NOT_FOUND);
}

/* A gateway chooses by rules of mail flow, whatever a person's scope is. */
static void a_gateway_is_in_every_scope(void **state)
{
    (void)state;
    static const char *const senders[] = {"contoso.com"};
    struct world w;
    struct principal scope = {PRINCIPAL_USER, "boss@contoso.com"};
    make(&w);
    w.policy.kind = POLICY_TEMPLATE;
    w.template.scope = &scope;
    w.template.scope_count = 1;
    assert_int_equal(decide(&w), R_TEMPLATE_SCOPE);
    w.subject.user.address_count = 0;
    w.subject.component = (struct subject_component){.role = ROLE_GATEWAY,
                                                     .tenant = CONTOSO,
                                                     .boundary = "",
                                                     .sender_domains = senders,
                                                     .sender_domain_count = 1};
    assert_int_equal(decide(&w), R_NONE);
}

static const char *const contosos[] = {"contoso.com"};
static const struct subject_component edge = {.name = "edge",
                                              .role = ROLE_GATEWAY,
                                              .tenant = {{{1}}}, /* CONTOSO */
                                              .boundary = "commercial",
                                              .sender_domains = contosos,
                                              .sender_domain_count = 1};

/* A gateway that carries Alice's token: she is asked what she is asked without it. */
static void a_user_behind_a_gateway_is_asked_as_a_user(void **state)
{
    (void)state;
    struct principal scope = {PRINCIPAL_USER, "boss@contoso.com"};
    struct world w;
    make(&w);
    w.subject.component = edge;
    assert_int_equal(decide(&w), R_NONE);
    w.policy.owner = "carol@contoso.com"; /* a sender of the gateway's, but not herself */
    assert_int_equal(decide(&w), R_PROTECT_DENIED);
    make(&w);
    w.subject.component = edge;
    w.subject.user.is_guest = true;
    assert_int_equal(decide(&w), R_PROTECT_DENIED);
    w.subject.user.is_guest = false;
    w.subject.user.tenant = TENANT_PLATFORM; /* an outsider with a sender's address */
    assert_int_equal(decide(&w), R_PROTECT_DENIED);
    make(&w);
    w.subject.component = edge;
    w.tenant.onboarding = &w.onboarding;
    w.tenant.onboarding_count = 1;
    w.onboarding = (struct principal){PRINCIPAL_USER, "pilot@contoso.com"};
    assert_int_equal(decide(&w), R_PROTECT_DENIED);
    w.subject.user.address_count = 0; /* alone it protects for whomever it may act */
    assert_int_equal(decide(&w), R_NONE);
    make(&w);
    w.subject.component = edge;
    w.policy.kind = POLICY_TEMPLATE;
    w.template.scope = &scope;
    w.template.scope_count = 1;
    assert_int_equal(decide(&w), R_TEMPLATE_SCOPE);
    w.subject.component.sender_domain_count = 0; /* what the gateway may not comes first */
    assert_int_equal(decide(&w), R_COMPONENT_DOMAIN);
}

/* Lists ask before it is known what will be protected, and a gateway before it is known for whom. */
static void what_a_list_asks(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    struct publisher_question q = {&w.tenant, &w.subject, "alice@contoso.com"};
    w.template.is_archived = true;
    assert_int_equal(decide_publisher(&q), R_NONE);
    assert_int_equal(decide_choice(&q, &w.template), R_TEMPLATE_ARCHIVED);
    q.owner = ""; /* a user is nobody by that name */
    assert_int_equal(decide_publisher(&q), R_PROTECT_DENIED);
    w.subject.user.address_count = 0;
    w.subject.component = edge;
    assert_int_equal(decide_publisher(&q), R_NONE);
    q.owner = "bob@fabrikam.com";
    assert_int_equal(decide_publisher(&q), R_COMPONENT_DOMAIN);
}

/* Stored by somebody's hand, for no request may say it: whoever protects is the owner. */
static void an_owner_in_a_scope_is_who_protects(void **state)
{
    (void)state;
    struct principal owner = {PRINCIPAL_OWNER, ""};
    struct world w;
    make(&w);
    w.policy.kind = POLICY_TEMPLATE;
    w.template.scope = &owner;
    w.template.scope_count = 1;
    assert_int_equal(decide(&w), R_NONE);
}

static void recipients_are_named_where_the_policy_speaks_of_them(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    w.policy.recipient_count = 0;
    assert_int_equal(decide(&w), R_RECIPIENTS_MISSING);
    w.policy.kind = POLICY_ENCRYPT_ONLY;
    assert_int_equal(decide(&w), R_RECIPIENTS_MISSING);
    w.policy.kind = POLICY_CUSTOM;
    w.policy.grants = &w.grant;
    w.policy.grant_count = 1;
    assert_int_equal(decide(&w), R_NONE);
    w.grant.principal.kind = PRINCIPAL_RECIPIENTS;
    assert_int_equal(decide(&w), R_RECIPIENTS_MISSING);
    w.policy.kind = POLICY_TEMPLATE;
    w.policy.grant_count = 0;
    assert_int_equal(decide(&w), R_RECIPIENTS_MISSING);
}

static void a_branding_must_be_there(void **state)
{
    (void)state;
    static const struct branding_limits limits[] = {{"default", 0, 0}, {"partners", 30, 0}};
    struct world w;
    make(&w);
    w.policy.branding = "";
    assert_int_equal(decide(&w), R_NONE);
    w.policy.branding = "partners";
    assert_int_equal(decide(&w), R_BRANDING_NOT_FOUND);
    w.tenant.brandings = limits;
    w.tenant.branding_count = 2;
    assert_int_equal(decide(&w), R_NONE);
    w.policy.branding = "partner";
    assert_int_equal(decide(&w), R_BRANDING_NOT_FOUND);
}

static void what_is_switched_off_protects_nothing(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    w.tenant.switches = ~(uint32_t)TENANT_DO_NOT_FORWARD_OFF;
    assert_int_equal(decide(&w), R_NONE);
    w.tenant.switches = TENANT_DO_NOT_FORWARD_OFF;
    assert_int_equal(decide(&w), R_POLICY_SWITCHED_OFF);
    w.policy.kind = POLICY_ENCRYPT_ONLY;
    assert_int_equal(decide(&w), R_NONE);
    w.tenant.switches = TENANT_ENCRYPT_ONLY_OFF;
    assert_int_equal(decide(&w), R_POLICY_SWITCHED_OFF);
    w.policy.recipient_count = 0;
    assert_int_equal(decide(&w), R_POLICY_SWITCHED_OFF); /* 5 before 6 */
    w.subject.user.is_guest = true;
    assert_int_equal(decide(&w), R_PROTECT_DENIED); /* 4 before 5 */
    make(&w);
    w.tenant.switches = ~(uint32_t)0;
    w.policy.kind = POLICY_TEMPLATE;
    assert_int_equal(decide(&w), R_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_protects_as_herself),
        cmocka_unit_test(a_branding_must_be_there),
        cmocka_unit_test(what_is_switched_off_protects_nothing),
        cmocka_unit_test(onboarding_and_exclusion),
        cmocka_unit_test(a_gateway_speaks_for_its_senders_only),
        cmocka_unit_test(templates_by_state_and_scope),
        cmocka_unit_test(a_gateway_is_in_every_scope),
        cmocka_unit_test(a_user_behind_a_gateway_is_asked_as_a_user),
        cmocka_unit_test(what_a_list_asks),
        cmocka_unit_test(an_owner_in_a_scope_is_who_protects),
        cmocka_unit_test(recipients_are_named_where_the_policy_speaks_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
