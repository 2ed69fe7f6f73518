/* SPDX-License-Identifier: Apache-2.0 */
/* For whom a gateway may speak, and which of its flaws is told first. */
#include "chancery_test.h"

#include "domain/decide/decide_sender.h"

static const char *const domains[] = {"contoso.com", "contoso.de"};
static const char *const senders[] = {"fabrikam.com", "contoso.com"};
static const struct tenant_view contoso = {.id = {{{1}}},
                                           .boundary = "gcc",
                                           .state = TENANT_ACTIVE,
                                           .domains = domains,
                                           .domain_count = 2};
static const struct subject_component edge = {.role = ROLE_GATEWAY,
                                              .tenant = {{{1}}},
                                              .boundary = "gcc",
                                              .sender_domains = senders,
                                              .sender_domain_count = 2};

static void the_senders_domain_is_the_gateways_and_the_tenants(void **state)
{
    (void)state;
    static const struct {
        const char *sender;
        enum reason reason;
    } rows[] = {
        {"alice@contoso.com", R_NONE},
        {"alice@contoso.de", R_COMPONENT_DOMAIN},
        {"bob@fabrikam.com", R_COMPONENT_DOMAIN},
        {"eve@mail.contoso.com", R_COMPONENT_DOMAIN},
        {"alice", R_COMPONENT_DOMAIN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(decide_sender(&contoso, &edge, rows[i].sender), rows[i].reason);
    }
}

static void a_gateway_stands_beside_the_tenant(void **state)
{
    (void)state;
    struct subject_component gateway = edge;
    gateway.tenant = TENANT_PLATFORM;
    assert_int_equal(decide_sender(&contoso, &gateway, "a@contoso.com"), R_NONE);
    gateway.tenant.u.b[0] = 2;
    assert_int_equal(decide_sender(&contoso, &gateway, "a@contoso.com"), R_COMPONENT_TENANT);
    gateway = edge;
    gateway.boundary = "";
    assert_int_equal(decide_sender(&contoso, &gateway, "a@contoso.com"), R_NONE);
    gateway.boundary = "gcc-high";
    assert_int_equal(decide_sender(&contoso, &gateway, "a@contoso.com"), R_COMPONENT_TENANT);
}

/* Whoever the sender will be. */
static void a_gateway_by_itself(void **state)
{
    (void)state;
    struct tenant_view tenant = contoso;
    struct subject_component gateway = edge;
    gateway.sender_domain_count = 0;
    assert_int_equal(decide_gateway(&tenant, &gateway), R_NONE);
    gateway.tenant.u.b[0] = 2;
    assert_int_equal(decide_gateway(&tenant, &gateway), R_COMPONENT_TENANT);
    tenant.state = TENANT_IS_DISABLED;
    assert_int_equal(decide_gateway(&tenant, &gateway), R_TENANT_DISABLED);
}

static void the_first_flaw_is_told(void **state)
{
    (void)state;
    struct tenant_view tenant = contoso;
    struct subject_component gateway = edge;
    gateway.sender_domain_count = 0;
    assert_int_equal(decide_sender(&tenant, &gateway, "a@contoso.com"), R_COMPONENT_DOMAIN);
    gateway.boundary = "dod";
    assert_int_equal(decide_sender(&tenant, &gateway, "a@contoso.com"), R_COMPONENT_TENANT);
    tenant.state = TENANT_IS_DISABLED;
    assert_int_equal(decide_sender(&tenant, &gateway, "a@contoso.com"), R_TENANT_DISABLED);
}

static void rules_are_asked_of_mail_that_comes_in_too(void **state)
{
    (void)state;
    struct subject_component gateway = edge;
    assert_int_equal(decide_message_sender(&contoso, &gateway, "alice@contoso.com"), R_NONE);
    assert_int_equal(decide_message_sender(&contoso, &gateway, "kim@gmail.com"), R_NONE);
    /* Its own senders are still those for whom it may speak. */
    assert_int_equal(decide_message_sender(&contoso, &gateway, "alice@contoso.de"),
                     R_COMPONENT_DOMAIN);
    gateway.tenant = TENANT_PLATFORM;
    assert_int_equal(decide_message_sender(&contoso, &gateway, "alice@contoso.com"), R_NONE);
    assert_int_equal(decide_message_sender(&contoso, &gateway, "kim@gmail.com"),
                     R_COMPONENT_DOMAIN);
    struct tenant_view tenant = contoso;
    tenant.state = TENANT_IS_DISABLED;
    assert_int_equal(decide_message_sender(&tenant, &edge, "kim@gmail.com"), R_TENANT_DISABLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_senders_domain_is_the_gateways_and_the_tenants),
        cmocka_unit_test(a_gateway_stands_beside_the_tenant),
        cmocka_unit_test(a_gateway_by_itself),
        cmocka_unit_test(the_first_flaw_is_told),
        cmocka_unit_test(rules_are_asked_of_mail_that_comes_in_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
