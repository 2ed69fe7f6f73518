/* SPDX-License-Identifier: Apache-2.0 */
/* Whose a content is: its owner's and issuer's, as members of its tenant and as nothing else. */
#include "chancery_test.h"

#include "domain/relations/content_power.h"

static const struct tenant_id CONTOSO = {{{1}}}, FABRIKAM = {{{2}}};

/* Alice of Contoso, who was a.smith, and no component. */
static struct subject alice(void)
{
    return (struct subject){.user = {.addresses = {"alice@contoso.com", "a.smith@contoso.com"},
                                     .address_count = 2,
                                     .tenant = CONTOSO,
                                     .tenant_name = "contoso",
                                     .boundary = "commercial"},
                            .component = {.name = "", .boundary = ""}};
}

static enum power power_over(const char *owner, const char *issuer, const struct subject *subject)
{
    return content_power_own(CONTOSO, owner, issuer, subject);
}

static void owner_and_issuer_by_any_of_their_addresses(void **state)
{
    (void)state;
    const struct subject s = alice();
    assert_int_equal(power_over("alice@contoso.com", "gina@contoso.com", &s), POWER_OWNER);
    assert_int_equal(power_over("a.smith@contoso.com", "gina@contoso.com", &s), POWER_OWNER);
    assert_int_equal(power_over("gina@contoso.com", "a.smith@contoso.com", &s), POWER_ISSUER);
    assert_int_equal(power_over("alice@contoso.com", "alice@contoso.com", &s), POWER_OWNER);
    assert_int_equal(power_over("gina@contoso.com", "gina@contoso.com", &s), POWER_NONE);
}

/* Who has the address is not asked about who had it when the content was protected. */
static void an_address_elsewhere_has_no_power(void **state)
{
    (void)state;
    static const char *const both[] = {"alice@contoso.com", "gina@contoso.com"};
    for (size_t i = 0; i < 2; i++) {
        struct subject s = alice();
        s.user.tenant = FABRIKAM; /* the domain has moved */
        assert_int_equal(power_over(both[i], both[1 - i], &s), POWER_NONE);
        s.user.tenant = TENANT_PLATFORM; /* a consumer */
        assert_int_equal(power_over(both[i], both[1 - i], &s), POWER_NONE);
        s = alice();
        s.user.is_guest = true;
        assert_int_equal(power_over(both[i], both[1 - i], &s), POWER_NONE);
        s = alice();
        s.user.is_maybe_guest = true;
        assert_int_equal(power_over(both[i], both[1 - i], &s), POWER_NONE);
        assert_false(content_power_is_owner(CONTOSO, both[0], &s));
    }
}

/* Whatever it protected; and it takes nothing from the person whom it carries. */
static void a_component_has_none_of_its_own(void **state)
{
    (void)state;
    char id[UUID_TEXT_BYTES];
    struct subject s = alice();
    s.component = (struct subject_component){.id = {{{9}}},
                                             .name = "edge",
                                             .role = ROLE_GATEWAY,
                                             .tenant = CONTOSO,
                                             .boundary = "commercial"};
    uuid_format(s.component.id.u, id);
    assert_int_equal(power_over("alice@contoso.com", id, &s), POWER_OWNER);
    assert_int_equal(power_over("gina@contoso.com", id, &s), POWER_NONE);
    s.user.address_count = 0;
    assert_int_equal(power_over("alice@contoso.com", id, &s), POWER_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(owner_and_issuer_by_any_of_their_addresses),
        cmocka_unit_test(an_address_elsewhere_has_no_power),
        cmocka_unit_test(a_component_has_none_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
