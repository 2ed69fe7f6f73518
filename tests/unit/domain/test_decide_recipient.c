/* SPDX-License-Identifier: Apache-2.0 */
/* Who would have no rights over mail that is about to be sent. */
#include "chancery_test.h"

#include "domain/decide/decide_recipient.h"

static const struct rights view = {.bits = RIGHT_VIEW};
static const struct grant grants[] = {
    {.principal = {PRINCIPAL_USER, "carol@contoso.com"}, .rights = &view},
    {.principal = {PRINCIPAL_GROUP, "legal@contoso.com"}, .rights = &view}};
static const char *const groups[] = {"legal@contoso.com"};

static struct template_policy template;
static struct tenant_view contoso;
static struct subject dan;

static int set_up(void **state)
{
    (void)state;
    template = (struct template_policy){.id = {{{7}}},
                                        .version = 1,
                                        .is_valid = true,
                                        .grants = grants,
                                        .grant_count = sizeof grants / sizeof grants[0],
                                        .referral_contact = ""};
    contoso = (struct tenant_view){.id = {{{1}}},
                                   .name = "contoso",
                                   .boundary = "commercial",
                                   .state = TENANT_ACTIVE,
                                   .templates = &template,
                                   .template_count = 1,
                                   .switches = TENANT_REJECTS_WITHOUT_RIGHTS};
    dan = (struct subject){.user = {.addresses = {"dan@contoso.com"},
                                    .address_count = 1,
                                    .tenant = {{{1}}},
                                    .tenant_name = "contoso",
                                    .boundary = "commercial",
                                    .sign_in = SIGN_IN_WORK},
                           .component = {.name = "", .boundary = ""},
                           .application = "",
                           .platform = ""};
    return 0;
}

static enum reason decide(const char *sender, bool is_group)
{
    return decide_recipient(&(struct recipient_question){.tenant = &contoso,
                                                         .template_id = {{{7}}},
                                                         .sender = sender,
                                                         .recipient = &dan,
                                                         .is_group = is_group});
}

static void whom_no_grant_reaches_has_none(void **state)
{
    (void)state;
    assert_int_equal(decide("alice@contoso.com", false), R_NO_RIGHTS);
    assert_int_equal(decide("", false), R_NO_RIGHTS); /* a bounce */
    assert_int_equal(decide("dan@contoso.com", false), R_NONE);
    assert_int_equal(decide("alice@contoso.com", true), R_NONE);
    contoso.switches = 0;
    assert_int_equal(decide("alice@contoso.com", false), R_NONE);
}

static void other_addresses_and_groups_count(void **state)
{
    (void)state;
    dan.user.addresses[1] = "carol@contoso.com";
    dan.user.address_count = 2;
    assert_int_equal(decide("alice@contoso.com", false), R_NONE);
    dan.user.address_count = 1;
    dan.user.groups = groups;
    dan.user.group_count = 1;
    assert_int_equal(decide("alice@contoso.com", false), R_NONE);
}

static void a_template_that_cannot_be_used_is_not_their_fault(void **state)
{
    (void)state;
    template.is_archived = true;
    assert_int_equal(decide("alice@contoso.com", false), R_NONE);
    template.is_archived = false;
    template.is_valid = false;
    template.problem = "a principal";
    assert_int_equal(decide("alice@contoso.com", false), R_NONE);
    contoso.template_count = 0;
    assert_int_equal(decide("alice@contoso.com", false), R_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(whom_no_grant_reaches_has_none, set_up),
        cmocka_unit_test_setup(other_addresses_and_groups_count, set_up),
        cmocka_unit_test_setup(a_template_that_cannot_be_used_is_not_their_fault, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
