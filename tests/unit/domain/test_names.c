/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses, recipients, names of tenants and roles: their forms, and what is not one. */
#include "chancery_test.h"

#include <string.h>

#include "base/texts.h"
#include "domain/values/address.h"
#include "domain/values/boundary.h"
#include "domain/values/channel.h"
#include "domain/values/policy.h"
#include "domain/values/role.h"
#include "domain/values/tenant.h"

static struct err err;

static void addresses_have_one_form(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"Bob@Fabrikam.COM", "bob@fabrikam.com"},
        {"bob@fabrikam.com.", "bob@fabrikam.com"},
        {"o'hara+x@mail.a-b.example", "o'hara+x@mail.a-b.example"},
        {"\xc3\x89ric@contoso.com", "\xc3\xa9ric@contoso.com"},
        {"bob@xn--mnchen-3ya.de", "bob@xn--mnchen-3ya.de"},
        /* What mail has: dots that RFC 5321 wants quoted, and addresses that stand for others. */
        {"Taro.@docomo.example", "taro.@docomo.example"},
        {"\"Taro.\"@docomo.example", "taro.@docomo.example"},
        {"ta..ro@docomo.example", "ta..ro@docomo.example"},
        {"\"ta..ro\"@docomo.example", "ta..ro@docomo.example"},
        {"SRS0=HHH=TT=orig.example=bob@fwd.example", "srs0=hhh=tt=orig.example=bob@fwd.example"},
        {"IMCEAEX-_O=FIRST+20ORGANIZATION_OU=EXCHANGE+20ADMINISTRATIVE+20GROUP+20+28FYDIBOHF23SPDLT+29"
         "_CN=RECIPIENTS_CN=BOB@contoso.com",
         "imceaex-_o=first+20organization_ou=exchange+20administrative+20group+20+28fydibohf23spdlt+29"
         "_cn=recipients_cn=bob@contoso.com"},
    };
    AUTO(arena_free_at) struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *out = NULL;
        assert_ok(address_normalize(arena, slice_str(rows[i].text), &out, &err), &err);
        assert_string_equal(out, rows[i].expected);
    }
    assert_string_equal(address_domain("bob@fabrikam.com"), "fabrikam.com");
    assert_string_equal(address_domain("bob"), "");
}

static void what_is_no_address(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "bob",
        "@contoso.com",
        "bob@",
        "bob@contoso",
        "bob@.com",
        "bob@a..com",
        "bob@-a.com",
        "bob@a-.com",
        "b ob@contoso.com",
        "a@b@c.com",
        "\"x\"@c.com",
        "<bob@c.com>",
        ".bob@c.com",
        "\"bob\"@c.com", /* there is no need for quotes */
        "\"b ob.\"@c.com",
        "\".bob.\"@c.com",
        "\"\"@c.com",
        "\"bob.@c.com",
        ".@c.com",
        "bob@c_d.com",
        "bob@c.com..",
        "b\xff@c.com",
        "b\nob@c.com",
        "bob@0123456789012345678901234567890123456789012345678901234567890123.com",
    };
    AUTO(arena_free_at) struct arena *arena = arena_new(8192);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *out = NULL;
        assert_fails(address_normalize(arena, slice_str(rows[i]), &out, &err), &err,
                     R_FIELD_INVALID);
    }
    assert_true(address_has_form(slice_str("\"john doe\"@[192.0.2.1]")));
    assert_false(address_has_form(slice_str("bob")) || address_has_form(slice_str("@c.com")) ||
                 address_has_form(slice_str("bob@")) || address_has_form(slice_str("")));
    const char *out = NULL;
    assert_fails(domain_name_normalize(arena, slice_of("a.com\0b", 7), &out, &err), &err,
                 R_FIELD_INVALID);
}

static void recipients_are_sorted_and_single(void **state)
{
    (void)state;
    const char *r[] = {"c@x.com", "a@x.com", "c@x.com", "b@x.com", "a@x.com"};
    assert_int_equal(texts_sort(r, 5), 3);
    assert_string_equal(r[0], "a@x.com");
    assert_string_equal(r[2], "c@x.com");
    assert_int_equal(texts_sort(r, 0), 0);
}

static void names_of_tenants_and_roles(void **state)
{
    (void)state;
    assert_true(tenant_name_is_valid(slice_str("contoso-2")));
    assert_false(tenant_name_is_valid(slice_str("2contoso")));
    assert_false(tenant_name_is_valid(slice_str("Contoso")));
    assert_false(tenant_name_is_valid(slice_str("")));
    assert_false(boundary_name_is_valid(slice_str("external")));
    for (int role = ROLE_GATEWAY; role <= ROLE_LAST; role++) {
        assert_int_equal(role_parse(slice_str(role_name((enum role)role))), role);
    }
    assert_int_equal(role_parse(slice_str("none")), ROLE_NONE);
    assert_string_equal(role_name((enum role)(ROLE_LAST + 1)), "none");
    assert_string_equal(role_name((enum role) - 1), "none");
}

/* Each end of each range of characters, and of the length. */
static void tenants_names_are_lower_case_letters_digits_and_hyphens(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "z", "a0", "z9", "aa", "az", "a-", "a-z-0"};
    static const char *const bad[] = {"`", "{", "0", "-a", "a`", "a{", "a/", "a:", "a_", "aA"};
    char longest[TENANT_NAME_MAX + 2];
    memset(longest, 'a', sizeof longest);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(tenant_name_is_valid(slice_str(good[i])));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(tenant_name_is_valid(slice_str(bad[i])));
    }
    assert_true(tenant_name_is_valid(slice_of(longest, TENANT_NAME_MAX)));
    assert_false(tenant_name_is_valid(slice_of(longest, TENANT_NAME_MAX + 1)));
}

static void channels_have_names(void **state)
{
    (void)state;
    assert_string_equal(channel_name(CHANNEL_NATIVE), "native");
    assert_string_equal(channel_name(CHANNEL_PORTAL), "portal");
    assert_string_equal(channel_name(CHANNEL_NONE), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_have_one_form),
        cmocka_unit_test(what_is_no_address),
        cmocka_unit_test(recipients_are_sorted_and_single),
        cmocka_unit_test(names_of_tenants_and_roles),
        cmocka_unit_test(tenants_names_are_lower_case_letters_digits_and_hyphens),
        cmocka_unit_test(channels_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
