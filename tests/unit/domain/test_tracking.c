/* SPDX-License-Identifier: Apache-2.0 */
/* Who is shown to owners, and of whom they are told (docs/policy.md §3.13). */
#include "access_world.h"

#include "domain/relations/gateway_purpose.h"
#include "domain/relations/tracking.h"

static const struct principal COUNCIL = {PRINCIPAL_GROUP, "council@contoso.com"};
static const char *const GROUPS[] = {"council@contoso.com"};

/* Wanda of Contoso, who is of the council, which isn't shown. */
static void be_wanda(struct world *w)
{
    make(w);
    be(w, "wanda@contoso.com");
    w->subject.user.tenant = CONTOSO;
    w->subject.user.groups = GROUPS;
    w->subject.user.group_count = 1;
    w->tenant.do_not_track = &COUNCIL;
    w->tenant.do_not_track_count = 1;
}

static bool is_hidden(const struct world *w, enum power power)
{
    return tracking_is_hidden(&w->tenant, &w->subject, power);
}

static void members_of_its_groups_are_hidden(void **state)
{
    (void)state;
    struct world w;
    be_wanda(&w);
    assert_true(is_hidden(&w, POWER_NONE));
    w.subject.user.group_count = 0;
    assert_false(is_hidden(&w, POWER_NONE));
    w.tenant.has_unread_do_not_track = true; /* it might have hidden her */
    assert_true(is_hidden(&w, POWER_NONE));
}

static void others_are_shown(void **state)
{
    (void)state;
    struct world w;
    be_wanda(&w);
    w.tenant.has_unread_do_not_track = true;
    w.subject.user.is_guest = true;
    assert_false(is_hidden(&w, POWER_NONE));
    w.subject.user.is_guest = false;
    w.subject.user.is_maybe_guest = true;
    assert_false(is_hidden(&w, POWER_NONE));
    w.subject.user.is_maybe_guest = false;
    w.subject.user.tenant = FABRIKAM;
    assert_false(is_hidden(&w, POWER_NONE));
    w.subject.user.address_count = 0; /* a component alone */
    assert_false(is_hidden(&w, POWER_NONE));
}

static void power_that_was_lent_is_shown(void **state)
{
    (void)state;
    struct world w;
    be_wanda(&w);
    assert_true(is_hidden(&w, POWER_OWNER));
    assert_true(is_hidden(&w, POWER_ISSUER));
    assert_false(is_hidden(&w, POWER_SUPER_USER));
    assert_false(is_hidden(&w, POWER_DECRYPTOR));
}

static void owners_are_told_of_others(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    assert_false(tracking_is_told(&w.tenant, &w.subject, "alice@contoso.com"));
    w.tenant.switches = TENANT_NOTIFIES_OWNERS;
    assert_true(tracking_is_told(&w.tenant, &w.subject, "alice@contoso.com"));
    assert_false(tracking_is_told(&w.tenant, &w.subject, "bob@fabrikam.com")); /* it is theirs */
    w.subject.user.address_count = 0;
    assert_false(tracking_is_told(&w.tenant, &w.subject, "alice@contoso.com"));
}

static void gateways_have_power_where_they_open_something(void **state)
{
    (void)state;
    struct tenant_view tenant = {.transport_decryption = TRANSPORT_DECRYPTION_OFF};
    assert_false(gateway_has_power(&tenant));
    tenant.switches = TENANT_JOURNALS_IN_CLEAR;
    assert_true(gateway_has_power(&tenant));
    tenant.switches = 0;
    tenant.transport_decryption = TRANSPORT_DECRYPTION_OPTIONAL;
    assert_true(gateway_has_power(&tenant));
    tenant.transport_decryption = TRANSPORT_DECRYPTION_MANDATORY;
    assert_true(gateway_has_power(&tenant));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_of_its_groups_are_hidden),
        cmocka_unit_test(others_are_shown),
        cmocka_unit_test(power_that_was_lent_is_shown),
        cmocka_unit_test(owners_are_told_of_others),
        cmocka_unit_test(gateways_have_power_where_they_open_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
