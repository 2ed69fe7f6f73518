/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses, rights and principals: their forms, and what is not one. */
#include "chancery_test.h"

#include <string.h>

#include "domain/address.h"
#include "domain/boundary.h"
#include "domain/policy.h"
#include "domain/tenant_view.h"

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
        "bob.@c.com",
        "bob@c_d.com",
        "bob@c.com..",
        "b\xff@c.com",
        "b\nob@c.com",
        "0123456789012345678901234567890123456789012345678901234567890123456@c.com",
        "bob@0123456789012345678901234567890123456789012345678901234567890123.com",
    };
    AUTO(arena_free_at) struct arena *arena = arena_new(8192);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *out = NULL;
        assert_fails(address_normalize(arena, slice_str(rows[i]), &out, &err), &err,
                     R_FIELD_INVALID);
    }
    const char *out = NULL;
    assert_fails(domain_normalize(arena, slice_of("a.com\0b", 7), &out, &err), &err,
                 R_FIELD_INVALID);
}

static void rights_imply_view_and_owner_all(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < RIGHTS_STANDARD; i++) {
        struct rights r = {.bits = 1u << i};
        rights_close(&r);
        assert_int_equal(r.bits, i == 13 ? RIGHTS_ALL : (1u << i | RIGHT_VIEW));
    }
    struct rights custom = {0};
    assert_ok(rights_add_name(arena, &custom, slice_str("SIGN_2"), &err), &err);
    rights_close(&custom);
    assert_int_equal(custom.bits, RIGHT_VIEW);
    struct rights none = {0};
    rights_close(&none);
    assert_true(rights_are_none(&none));
}

static void rights_have_a_text(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(4096);
    char text[RIGHTS_TEXT_MAX + 1];
    struct rights r;
    assert_ok(rights_parse(arena, slice_str("SIGN,PRINT,VIEW,SIGN"), &r, &err), &err);
    rights_format(&r, text);
    assert_string_equal(text, "VIEW,PRINT,SIGN");
    assert_ok(rights_parse(arena, SLICE_NONE, &r, &err), &err);
    assert_true(rights_are_none(&r));
    static const char *const bad[] = {"view", "VIEW,,EDIT", "A-B",
                                      ",",    "VIEW, EDIT", "ABCDEFGHIJABCDEFGHIJABCDEFGHIJABC"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_fails(rights_parse(arena, slice_str(bad[i]), &r, &err), &err, R_POLICY_INVALID);
    }
    assert_fails(rights_parse(arena, slice_str("A,B,C,D,E,F,G,H,I,J,K,L,M,N,O,P,Q"), &r, &err),
                 &err, R_POLICY_INVALID);
}

static void principals_have_seven_forms(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(4096);
    static const struct {
        const char *text;
        enum principal_kind kind;
        const char *written;
    } rows[] = {
        {"user:Bob@Fabrikam.com", PRINCIPAL_USER, "user:bob@fabrikam.com"},
        {"group:legal@contoso.com", PRINCIPAL_GROUP, "group:legal@contoso.com"},
        {"domain:FABRIKAM.com", PRINCIPAL_DOMAIN, "domain:fabrikam.com"},
        {"tenant:contoso", PRINCIPAL_TENANT, "tenant:contoso"},
        {"recipients", PRINCIPAL_RECIPIENTS, "recipients"},
        {"authenticated", PRINCIPAL_AUTHENTICATED, "authenticated"},
        {"owner", PRINCIPAL_OWNER, "owner"},
    };
    struct principal p;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_ok(principal_parse(arena, slice_str(rows[i].text), &p, &err), &err);
        assert_int_equal(p.kind, rows[i].kind);
        assert_string_equal(principal_format(arena, &p), rows[i].written);
    }
    static const char *const bad[] = {"",         "user:",       "user:bob", "User:bob@c.com",
                                      "everyone", "recipients:", "owner ",   "tenant:Contoso",
                                      "tenant:",  "domain:x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_fails(principal_parse(arena, slice_str(bad[i]), &p, &err), &err, R_FIELD_INVALID);
    }
}

static void recipients_are_sorted_and_single(void **state)
{
    (void)state;
    const char *r[] = {"c@x.com", "a@x.com", "c@x.com", "b@x.com", "a@x.com"};
    assert_int_equal(policy_sort_recipients(r, 5), 3);
    assert_string_equal(r[0], "a@x.com");
    assert_string_equal(r[2], "c@x.com");
    assert_int_equal(policy_sort_recipients(r, 0), 0);
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
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_have_one_form),
        cmocka_unit_test(what_is_no_address),
        cmocka_unit_test(rights_imply_view_and_owner_all),
        cmocka_unit_test(rights_have_a_text),
        cmocka_unit_test(principals_have_seven_forms),
        cmocka_unit_test(recipients_are_sorted_and_single),
        cmocka_unit_test(names_of_tenants_and_roles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
