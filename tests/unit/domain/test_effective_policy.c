/* SPDX-License-Identifier: Apache-2.0 */
/* A policy as it holds now: what was sealed, its template, and what an amendment changed of it. */
#include "chancery_test.h"

#include <stdio.h>

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

static void an_amendment_grants_nothing_when_the_template_is_gone(void **state)
{
    (void)state;
    const struct template_policy template = {.is_valid = true};
    const struct policy policy = {.kind = POLICY_TEMPLATE, .owner = "alice@contoso.com"};
    const struct amendment amendment = {.is_valid = true, .grants = to_bob, .grant_count = 1};
    struct effective_policy now = {
        .policy = &policy, .template = &template, .amendment = &amendment};
    struct rights rights;
    effective_policy_rights(&now, &bob, &rights);
    assert_int_equal(rights.bits, RIGHT_VIEW);
    now.template = NULL;
    effective_policy_rights(&now, &bob, &rights);
    assert_true(rights_are_none(&rights));
    effective_policy_named_rights(&now, &to_bob[0].principal, &rights);
    assert_true(rights_are_none(&rights));
    effective_policy_all_rights(&now, &rights); /* its owner's */
    assert_int_equal(rights.bits, RIGHTS_ALL);
}

static void a_kind_that_is_not_known_grants_nothing(void **state)
{
    (void)state;
    struct policy policy = custom(to_bob, 1);
    policy.kind = (enum policy_kind)9;
    assert_int_equal(rights_of_bob(&policy, NULL), 0);
}

/* What it was amended by would hold without an end. */
static void content_that_lost_its_template_is_nobody_s_by_grants(void **state)
{
    (void)state;
    struct template_policy template = {.is_valid = true};
    struct policy policy = {.kind = POLICY_TEMPLATE, .owner = "alice@contoso.com"};
    struct amendment amendment = {.is_valid = true, .grants = to_bob, .grant_count = 1};
    struct effective_policy now = {
        .policy = &policy, .template = &template, .amendment = &amendment};
    struct rights rights;
    effective_policy_rights(&now, &bob, &rights);
    assert_int_equal(rights.bits, RIGHT_VIEW);
    now.template = NULL;
    assert_true(effective_policy_has_lost_template(&now));
    effective_policy_rights(&now, &bob, &rights);
    assert_true(rights_are_none(&rights));
    effective_policy_named_rights(&now, &to_bob[0].principal, &rights);
    assert_true(rights_are_none(&rights));
    effective_policy_all_rights(&now, &rights);
    assert_int_equal(rights.bits, RIGHTS_ALL);
}

/* --- recipients that are groups ------------------------------------------------------------------ */

static const char *const to_groups[] = {"board@contoso.com", "sales@contoso.com"};
static const char *const contosos[] = {"contoso.com"};
static const struct tenant_view contoso = {.domains = contosos, .domain_count = 1};

/* Mail to two groups; Bob is in one of them, and in others. */
static struct policy to_two_groups(void)
{
    return (struct policy){.kind = POLICY_DO_NOT_FORWARD,
                           .owner = "alice@contoso.com",
                           .recipients = to_groups,
                           .recipient_count = 2};
}

static struct subject bob_in(const char *const *groups, size_t count)
{
    struct subject subject = bob;
    subject.user.groups = groups;
    subject.user.group_count = count;
    return subject;
}

static uint32_t rights_in(const char *const *groups, size_t count, const struct policy *policy,
                          const struct amendment *amendment)
{
    const struct subject subject = bob_in(groups, count);
    const struct effective_policy now = {.policy = policy, .amendment = amendment};
    struct rights rights;
    effective_policy_rights(&now, &subject, &rights);
    return rights.bits;
}

static void a_group_among_the_recipients_stands_for_its_members(void **state)
{
    (void)state;
    static const char *const one[] = {"sales@contoso.com"};
    static const char *const many[] = {"all@contoso.com", "sales@contoso.com", "x@contoso.com"};
    static const char *const others[] = {"all@contoso.com", "sales@contoso.de"};
    struct policy policy = to_two_groups();
    assert_int_equal(rights_in(one, 1, &policy, NULL), RIGHTS_DO_NOT_FORWARD);
    assert_int_equal(rights_in(many, 3, &policy, NULL), RIGHTS_DO_NOT_FORWARD);
    assert_int_equal(rights_in(others, 2, &policy, NULL), 0);
    const struct grant twice[] = {{{PRINCIPAL_RECIPIENTS, ""}, &may_view},
                                  {{PRINCIPAL_RECIPIENTS, ""}, &may_print}};
    policy.kind = POLICY_CUSTOM;
    policy.grants = twice;
    policy.grant_count = 2;
    assert_int_equal(rights_in(one, 1, &policy, NULL), RIGHT_VIEW | RIGHT_PRINT);
    policy = to_two_groups();
    assert_int_equal(rights_in(NULL, 0, &policy, NULL), 0);
    struct amendment amendment = {.is_valid = true, .recipients = one, .recipient_count = 1};
    policy.recipient_count = 0;
    assert_int_equal(rights_in(many, 3, &policy, NULL), 0);
    assert_int_equal(rights_in(many, 3, &policy, &amendment), RIGHTS_DO_NOT_FORWARD);
}

/* A recipient is out by either form of principal that names their address. */
static void a_group_is_struck_as_a_person_is(void **state)
{
    (void)state;
    static const char *const sales[] = {"sales@contoso.com"};
    static const char *const both[] = {"board@contoso.com", "sales@contoso.com"};
    static const enum principal_kind forms[] = {PRINCIPAL_USER, PRINCIPAL_GROUP};
    struct policy policy = to_two_groups();
    for (size_t i = 0; i < 2; i++) {
        const struct principal gone = {forms[i], "sales@contoso.com"};
        const struct grant less = {gone, &may_view};
        struct amendment removal = {.is_valid = true, .removed = &gone, .removed_count = 1};
        struct amendment grant = {.is_valid = true, .grants = &less, .grant_count = 1};
        assert_int_equal(rights_in(sales, 1, &policy, &removal), 0);
        assert_int_equal(rights_in(both, 2, &policy, &removal), RIGHTS_DO_NOT_FORWARD);
        assert_int_equal(rights_in(sales, 1, &policy, &grant),
                         forms[i] == PRINCIPAL_GROUP ? RIGHT_VIEW : 0);
    }
}

/* --- when groups are asked for --------------------------------------------------------------------- */

static bool needs_groups(const struct policy *policy, const struct amendment *amendment)
{
    const struct effective_policy now = {.policy = policy, .amendment = amendment};
    return effective_policy_needs_groups(&now, &contoso, &bob);
}

static void groups_matter_where_a_grant_names_one(void **state)
{
    (void)state;
    struct policy policy = custom(to_bob, 1);
    struct amendment amendment = {.is_valid = true, .grants = to_domain, .grant_count = 1};
    assert_false(needs_groups(&policy, NULL));
    assert_false(needs_groups(&policy, &amendment));
    amendment.grants = to_group;
    amendment.grant_count = 2;
    assert_true(needs_groups(&policy, &amendment));
    policy = custom(to_group, 2);
    assert_true(needs_groups(&policy, NULL));
}

static void groups_matter_where_a_recipient_may_be_one(void **state)
{
    (void)state;
    static const char *const elsewhere[] = {"carl@fabrikam.com", "sales@contoso.de"};
    static const char *const with_bob[] = {"bob@fabrikam.com", "sales@contoso.com"};
    static const struct grant to_recipients = {{PRINCIPAL_RECIPIENTS, ""}, &may_view};
    struct policy policy = to_two_groups();
    assert_true(needs_groups(&policy, NULL));
    policy.recipients = elsewhere; /* nobody else's groups are in this tenant's directory */
    assert_false(needs_groups(&policy, NULL));
    policy.recipients = with_bob; /* he has what recipients have by his own address */
    assert_false(needs_groups(&policy, NULL));
    struct amendment amendment = {
        .is_valid = true, .removed = &to_bob[0].principal, .removed_count = 1};
    assert_true(needs_groups(&policy, &amendment));
    policy = custom(to_bob, 1); /* which doesn't speak of recipients */
    policy.recipients = to_groups;
    policy.recipient_count = 2;
    assert_false(needs_groups(&policy, NULL));
    amendment = (struct amendment){.is_valid = true, .grants = &to_recipients, .grant_count = 1};
    assert_true(needs_groups(&policy, &amendment));
    policy.recipient_count = 0;
    assert_false(needs_groups(&policy, &amendment));
    amendment.recipients = to_groups;
    amendment.recipient_count = 2;
    assert_true(needs_groups(&policy, &amendment));
}

/* --- custom rights --------------------------------------------------------------------------------- */

static const struct rights sign = {.bits = RIGHT_VIEW, .custom_count = 1, .custom = {"SIGN"}};
static const struct rights stamp = {.bits = RIGHT_VIEW, .custom_count = 1, .custom = {"STAMP"}};
static const struct rights owner = {.bits = RIGHT_OWNER};

/* Who holds OWNER has the rights that only others are granted by name. */
static void owner_by_grant_has_the_policys_custom_rights(void **state)
{
    (void)state;
    const struct grant grants[] = {{{PRINCIPAL_USER, "bob@fabrikam.com"}, &owner},
                                   {{PRINCIPAL_USER, "carol@contoso.com"}, &sign}};
    const struct grant added[] = {{{PRINCIPAL_USER, "dan@contoso.com"}, &stamp}};
    const struct grant bobs[] = {{{PRINCIPAL_USER, "bob@fabrikam.com"}, &may_view}};
    struct policy policy = custom(grants, 2);
    struct amendment amendment = {.is_valid = true, .grants = added, .grant_count = 1};
    struct effective_policy now = {.policy = &policy, .amendment = &amendment};
    struct rights rights;
    effective_policy_rights(&now, &bob, &rights);
    assert_int_equal(rights.bits, RIGHTS_ALL);
    assert_int_equal(rights.custom_count, 2);
    assert_string_equal(rights.custom[0], "SIGN");
    assert_string_equal(rights.custom[1], "STAMP");
    amendment.grants = bobs; /* takes OWNER from him */
    effective_policy_rights(&now, &bob, &rights);
    assert_int_equal(rights.bits, RIGHT_VIEW);
    assert_int_equal(rights.custom_count, 0);
    effective_policy_all_rights(&now, &rights);
    assert_int_equal(rights.bits, RIGHTS_ALL);
    assert_int_equal(rights.custom_count, 1);
}

/* Stored before there was a limit: grants nothing to anybody, and is told to the log. Who has all
 * rights has what else there is. */
static void more_custom_rights_than_there_may_be_can_t_be_read(void **state)
{
    (void)state;
    struct rights sets[] = {may_view, may_view};
    static const char *const names[] = {"A", "B", "C", "D", "E", "F", "G", "H", "I"};
    static const char *const more[] = {"A2", "B2", "C2", "D2", "E2", "F2", "G2", "H2", "I2"};
    for (size_t i = 0; i < 9; i++) {
        sets[0].custom[sets[0].custom_count++] = names[i];
        sets[1].custom[sets[1].custom_count++] = more[i];
    }
    const struct grant grants[] = {{{PRINCIPAL_USER, "bob@fabrikam.com"}, &sets[0]},
                                   {{PRINCIPAL_USER, "bob@fabrikam.com"}, &sets[1]}};
    const struct grant stamps[] = {{{PRINCIPAL_USER, "bob@fabrikam.com"}, &stamp}};
    struct policy full = custom(grants, 2), small = custom(stamps, 1);
    struct amendment full_change = {.is_valid = true, .grants = grants, .grant_count = 2};
    struct amendment small_change = {.is_valid = true, .grants = stamps, .grant_count = 1};
    struct effective_policy now = {.policy = &full};
    struct rights rights;
    const char *problem = NULL;
    effective_policy_rights(&now, &bob, &rights);
    assert_true(rights_are_none(&rights));
    assert_false(effective_policy_is_readable(&now, &problem));
    assert_string_equal(problem, "more custom rights than a policy may name");
    now.amendment = &small_change; /* what can be read of it holds, as over a broken template */
    effective_policy_rights(&now, &bob, &rights);
    assert_int_equal(rights.custom_count, 1);
    now = (struct effective_policy){.policy = &small, .amendment = &full_change};
    effective_policy_rights(&now, &bob, &rights);
    assert_true(rights_are_none(&rights));
    assert_false(effective_policy_is_readable(&now, &problem));
    assert_string_equal(problem, "more custom rights than a policy may name");
    effective_policy_all_rights(&now, &rights);
    assert_int_equal(rights.custom_count, 1);
}

/* A template and what was changed of one content both may name as many as a policy may. */
static void nothing_vanishes_from_the_union(void **state)
{
    (void)state;
    static char names[RIGHTS_UNION_MAX][4];
    struct rights sets[] = {may_view, may_view};
    for (size_t i = 0; i < RIGHTS_UNION_MAX; i++) {
        struct rights *set = &sets[i / RIGHTS_CUSTOM_MAX];
        snprintf(names[i], sizeof names[i], "R%zu", i);
        set->custom[set->custom_count++] = names[i];
    }
    const struct grant sealed[] = {{{PRINCIPAL_USER, "bob@fabrikam.com"}, &sets[0]}};
    const struct grant added[] = {{{PRINCIPAL_DOMAIN, "fabrikam.com"}, &sets[1]}};
    struct policy policy = custom(sealed, 1);
    struct amendment amendment = {.is_valid = true, .grants = added, .grant_count = 1};
    struct rights rights;
    effective_policy_rights(&(struct effective_policy){.policy = &policy, .amendment = &amendment},
                            &bob, &rights);
    assert_int_equal(rights.custom_count, RIGHTS_UNION_MAX);
    assert_string_equal(rights.custom[RIGHTS_UNION_MAX - 1], "R31");
}

/* --- what else is said of it ------------------------------------------------------------------------ */

static void the_version_is_that_of_what_decides(void **state)
{
    (void)state;
    struct template_policy template = {.id = {{{7}}}, .version = 4, .is_valid = true};
    const struct tenant_view tenant = {.id = {{{1}}}, .templates = &template, .template_count = 1};
    struct policy policy = {.kind = POLICY_TEMPLATE, .template_id = {{{7}}}};
    struct amendment amendment = {.version = 2, .is_valid = true};
    struct effective_policy now = effective_policy_of(&tenant, &policy, NULL);
    assert_int_equal(effective_policy_version(&now), 4);
    now = effective_policy_of(&tenant, &policy, &amendment);
    assert_ptr_equal(now.template, &template);
    assert_int_equal(effective_policy_version(&now), 2);
    policy.kind = POLICY_DO_NOT_FORWARD;
    now = effective_policy_of(&tenant, &policy, NULL);
    assert_int_equal(effective_policy_version(&now), 0);
}

static void what_can_t_be_read_is_named(void **state)
{
    (void)state;
    struct template_policy template = {.problem = "user:?"};
    struct policy policy = {.kind = POLICY_TEMPLATE};
    struct amendment amendment = {.problem = "group:?"};
    struct effective_policy now = {.policy = &policy};
    const char *problem;
    assert_true(effective_policy_is_readable(&now, &problem)); /* there is nothing to be read */
    now.template = &template;
    assert_false(effective_policy_is_readable(&now, &problem));
    assert_string_equal(problem, "user:?");
    now.amendment = &amendment;
    assert_false(effective_policy_is_readable(&now, &problem));
    assert_string_equal(problem, "group:?");
    struct rights rights = {0}; /* which asks nobody what an amendment may have said */
    effective_policy_all_rights(&now, &rights);
    assert_int_equal(rights.bits, RIGHTS_ALL);
    template.is_valid = amendment.is_valid = true;
    assert_true(effective_policy_is_readable(&now, &problem));
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
        cmocka_unit_test(an_amendment_grants_nothing_when_the_template_is_gone),
        cmocka_unit_test(a_kind_that_is_not_known_grants_nothing),
        cmocka_unit_test(content_that_lost_its_template_is_nobody_s_by_grants),
        cmocka_unit_test(a_group_among_the_recipients_stands_for_its_members),
        cmocka_unit_test(a_group_is_struck_as_a_person_is),
        cmocka_unit_test(groups_matter_where_a_grant_names_one),
        cmocka_unit_test(groups_matter_where_a_recipient_may_be_one),
        cmocka_unit_test(owner_by_grant_has_the_policys_custom_rights),
        cmocka_unit_test(more_custom_rights_than_there_may_be_can_t_be_read),
        cmocka_unit_test(nothing_vanishes_from_the_union),
        cmocka_unit_test(the_version_is_that_of_what_decides),
        cmocka_unit_test(what_can_t_be_read_is_named),
        cmocka_unit_test(each_source_of_an_expiry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
