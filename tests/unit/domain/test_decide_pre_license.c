/* SPDX-License-Identifier: Apache-2.0 */
/* For whom a gateway may ask before they do: it has to do with the owner or with the recipient. */
#include "chancery_test.h"

#include "domain/decide/decide_pre_license.h"

static const char *const contosos[] = {"contoso.com"}, *const fabrikams[] = {"fabrikam.com"};
static const char *const both[] = {"contoso.com", "fabrikam.com"};
static const struct tenant_view contoso = {.id = {{{1}}},
                                           .boundary = "commercial",
                                           .state = TENANT_ACTIVE,
                                           .domains = contosos,
                                           .domain_count = 1};
static const struct tenant_view fabrikam = {.id = {{{2}}},
                                            .boundary = "gcc",
                                            .state = TENANT_ACTIVE,
                                            .domains = fabrikams,
                                            .domain_count = 1};

static struct subject_component gateway_of(uint8_t tenant, const char *boundary,
                                           const char *const *domains, size_t count)
{
    return (struct subject_component){.role = ROLE_GATEWAY,
                                      .tenant = {{{tenant}}},
                                      .boundary = boundary,
                                      .sender_domains = domains,
                                      .sender_domain_count = count};
}

static enum reason decide(const struct tenant_view *tenant, const struct tenant_view *home,
                          struct subject_component gateway)
{
    return decide_pre_license(&(struct pre_license_question){.tenant = tenant,
                                                             .home = home,
                                                             .gateway = &gateway,
                                                             .owner = "alice@contoso.com",
                                                             .recipient = "bob@fabrikam.com"});
}

static void of_the_owner_or_of_the_recipient(void **state)
{
    (void)state;
    assert_int_equal(decide(&contoso, &fabrikam, gateway_of(1, "commercial", contosos, 1)), R_NONE);
    assert_int_equal(decide(&contoso, &fabrikam, gateway_of(2, "gcc", fabrikams, 1)), R_NONE);
    assert_int_equal(decide(&contoso, &fabrikam, gateway_of(0, "commercial", contosos, 1)), R_NONE);
    assert_int_equal(decide(&contoso, &fabrikam, gateway_of(0, "gcc", fabrikams, 1)), R_NONE);
    assert_int_equal(decide(&contoso, NULL, gateway_of(1, "commercial", contosos, 1)), R_NONE);
}

static void of_neither_side(void **state)
{
    (void)state;
    assert_int_equal(decide(&contoso, &fabrikam, gateway_of(3, "gcc", both, 2)),
                     R_COMPONENT_TENANT);
    assert_int_equal(decide(&contoso, NULL, gateway_of(3, "gcc", both, 2)), R_COMPONENT_TENANT);
    assert_int_equal(decide(&contoso, &fabrikam, gateway_of(0, "dod", both, 2)),
                     R_COMPONENT_TENANT);
    assert_int_equal(decide(&contoso, &fabrikam, gateway_of(1, "commercial", fabrikams, 1)),
                     R_COMPONENT_DOMAIN);
    assert_int_equal(decide(&contoso, &fabrikam, gateway_of(2, "gcc", contosos, 1)),
                     R_COMPONENT_DOMAIN);
}

/* Who does not know whether a tenant is disabled learns it by nothing here. */
static void a_disabled_tenant(void **state)
{
    (void)state;
    struct tenant_view off = contoso;
    off.state = TENANT_IS_DISABLED;
    assert_int_equal(decide(&off, &fabrikam, gateway_of(1, "commercial", contosos, 1)),
                     R_TENANT_DISABLED);
    assert_int_equal(decide(&off, &fabrikam, gateway_of(2, "gcc", fabrikams, 1)), R_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_the_owner_or_of_the_recipient),
        cmocka_unit_test(of_neither_side),
        cmocka_unit_test(a_disabled_tenant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
