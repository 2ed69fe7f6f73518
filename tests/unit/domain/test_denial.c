/* SPDX-License-Identifier: Apache-2.0 */
/* Partners whom a tenant keeps away (docs/policy.md §7.2), and that a denial outlives every power and
 * every partner exception. */
#include "access_world.h"

#include "base/err.h"
#include "domain/decide/decide_delivery.h"
#include "domain/relations/denial.h"

/* Bob of Fabrikam asks for Contoso's content, with these denials of either side. */
static enum reason ask(struct world *w, const struct denial *ours, const struct denial *theirs)
{
    struct tenant_view home = {.id = FABRIKAM, .name = "fabrikam"};
    w->tenant.denials = ours;
    w->tenant.denial_count = ours == NULL ? 0 : 1;
    home.denials = theirs;
    home.denial_count = theirs == NULL ? 0 : 1;
    w->q.home = w->subject.user.address_count == 0 ? NULL : &home;
    return decide(w).reason;
}

static void readers_are_named_by_tenant_or_domain(void **state)
{
    (void)state;
    static const struct {
        struct denial denial;
        enum reason reason;
    } rows[] = {
        {{DENIAL_READERS, {PRINCIPAL_DOMAIN, "fabrikam.com"}}, R_PARTNER_DENIED},
        {{DENIAL_READERS, {PRINCIPAL_DOMAIN, "com"}}, R_NONE},
        {{DENIAL_READERS, {PRINCIPAL_DOMAIN, "mail.fabrikam.com"}}, R_NONE},
        {{DENIAL_READERS, {PRINCIPAL_DOMAIN, "contoso.com"}}, R_NONE},
        {{DENIAL_READERS, {PRINCIPAL_TENANT, "fabrikam"}}, R_PARTNER_DENIED},
        {{DENIAL_READERS, {PRINCIPAL_TENANT, "fabrika"}}, R_NONE},
        {{DENIAL_CONTENT, {PRINCIPAL_TENANT, "fabrikam"}}, R_NONE}, /* of their content */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world w;
        make(&w);
        assert_int_equal(ask(&w, &rows[i].denial, NULL), rows[i].reason);
    }
}

static void every_address_and_guests_count(void **state)
{
    (void)state;
    static const struct denial alias = {DENIAL_READERS, {PRINCIPAL_DOMAIN, "fabrikam.de"}};
    static const struct denial tenant = {DENIAL_READERS, {PRINCIPAL_TENANT, "fabrikam"}};
    struct world w;
    make(&w);
    assert_int_equal(ask(&w, &alias, NULL), R_NONE);
    w.subject.user.addresses[1] = "bob@fabrikam.de";
    w.subject.user.address_count = 2;
    assert_int_equal(ask(&w, &alias, NULL), R_PARTNER_DENIED);
    w.subject.user.is_guest = true;
    assert_int_equal(ask(&w, &tenant, NULL), R_PARTNER_DENIED);
}

static void content_is_named_by_tenant_or_owner(void **state)
{
    (void)state;
    static const struct denial of_tenant = {DENIAL_CONTENT, {PRINCIPAL_TENANT, "contoso"}};
    static const struct denial of_domain = {DENIAL_CONTENT, {PRINCIPAL_DOMAIN, "contoso.com"}};
    static const struct denial of_issuer = {DENIAL_CONTENT, {PRINCIPAL_DOMAIN, "gate.example"}};
    struct world w;
    make(&w);
    w.policy.issuer = "gina@gate.example";
    assert_int_equal(ask(&w, NULL, &of_tenant), R_PARTNER_DENIED);
    assert_int_equal(ask(&w, NULL, &of_domain), R_PARTNER_DENIED);
    assert_int_equal(ask(&w, NULL, &of_issuer), R_NONE);
    assert_int_equal(ask(&w, &of_domain, NULL), R_NONE); /* the list is not the reader's own */
}

/* Contoso's own people are never denied what is Contoso's; its guests are outside. */
static void members_are_not_asked(void **state)
{
    (void)state;
    static const struct denial own = {DENIAL_READERS, {PRINCIPAL_DOMAIN, "contoso.com"}};
    struct world w;
    make(&w);
    w.recipients[0] = "al@contoso.com";
    w.subject.user.addresses[0] = "al@contoso.com";
    w.subject.user.tenant = CONTOSO;
    w.subject.user.tenant_name = "contoso";
    assert_int_equal(ask(&w, &own, NULL), R_NONE);
    w.subject.user.is_guest = true;
    assert_int_equal(ask(&w, &own, NULL), R_PARTNER_DENIED);
}

static void one_that_cannot_be_read_denies_everybody_outside(void **state)
{
    (void)state;
    struct tenant_view home = {.id = FABRIKAM, .name = "fabrikam", .has_unread_denial = true};
    struct world w;
    make(&w);
    w.q.home = &home;
    assert_int_equal(decide(&w).reason, R_PARTNER_DENIED);
    w.q.home = NULL;
    assert_int_equal(decide(&w).reason, R_NONE);
    w.tenant.has_unread_denial = true;
    assert_int_equal(decide(&w).reason, R_PARTNER_DENIED);
    w.recipients[0] = w.subject.user.addresses[0] = "al@contoso.com";
    w.subject.user.tenant = CONTOSO;
    assert_int_equal(decide(&w).reason, R_NONE);
}

static void recipients_are_told_before_it_is_sent(void **state)
{
    (void)state;
    static const struct denial rival = {DENIAL_READERS, {PRINCIPAL_DOMAIN, "fabrikam.com"}};
    struct boundary_rule block = {"commercial", "commercial", DELIVERY_BLOCK};
    struct reader reader = {
        .boundary = "commercial", .tenant = FABRIKAM, .tenant_name = "fabrikam"};
    struct delivery_decision d;
    struct world w;
    make(&w);
    w.tenant.denials = &rival;
    w.tenant.denial_count = 1;
    assert_true(denial_reaches(&w.tenant, &reader, "bob@fabrikam.com"));
    assert_false(denial_reaches(&w.tenant, &reader, "bob@fabrikam.de"));
    reader.is_kept_away = true;
    assert_true(denial_reaches(&w.tenant, &reader, "bob@fabrikam.de"));
    reader.tenant = CONTOSO;
    assert_false(denial_reaches(&w.tenant, &reader, "bob@fabrikam.com"));
    struct delivery_question q = {
        .platform = &w.platform, .tenant = &w.tenant, .reader = reader, .is_denied = true};
    decide_delivery(&q, &d);
    assert_int_equal(d.reason, R_PARTNER_DENIED);
    assert_int_equal(d.channel, CHANNEL_NONE);
    w.platform.rules = &block;
    w.platform.rule_count = 1;
    decide_delivery(&q, &d);
    assert_int_equal(d.reason, R_BOUNDARY_BLOCKED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_are_named_by_tenant_or_domain),
        cmocka_unit_test(every_address_and_guests_count),
        cmocka_unit_test(content_is_named_by_tenant_or_owner),
        cmocka_unit_test(members_are_not_asked),
        cmocka_unit_test(one_that_cannot_be_read_denies_everybody_outside),
        cmocka_unit_test(recipients_are_told_before_it_is_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
