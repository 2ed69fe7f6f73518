/* SPDX-License-Identifier: Apache-2.0 */
/* Issuers that are templates: which can be registered, and which iss fits which. */
#include "chancery_test.h"

#include "domain/values/issuer.h"
#include "domain/values/issuer_template.h"

#define TENANT "6babcaad-604b-40ac-a9d7-9fd97c0b779f"

static const char *const sound[] = {
    "https://login.microsoftonline.com/{tenantid}/v2.0",
    "https://login.partner.microsoftonline.cn/{tenantid}/v2.0",
    "https://sts.windows.net/{tenantid}/",
    "https://idp.example/a/{tenantid}",
};

static void test_what_can_be_registered(void **state)
{
    (void)state;
    static const char *const unsound[] = {
        "",
        "{tenantid}",
        "https://idp.example",
        "https://idp.example/v2.0",
        "https://{tenantid}",
        "https://{tenantid}/v2.0",
        "https://{tenantid}.example/v2.0",
        "https://idp.example/x{tenantid}/",
        "https://idp.example/{tenantid}x/",
        "https://idp.example/{tenantid}/{tenantid}",
        "https://idp.example/{tenantid}/{other}",
        "https://idp.example/{other}/{tenantid}",
        "https://idp.example/{tenantid",
        "https://idp.example/}{tenantid}",
        "http://idp.example/{tenantid}/",
        "ftp://https://idp.example/{tenantid}/",
    };
    for (size_t i = 0; i < sizeof sound / sizeof sound[0]; i++) {
        assert_true(issuer_template_has_braces(sound[i]) && issuer_template_is_sound(sound[i]));
    }
    for (size_t i = 0; i < sizeof unsound / sizeof unsound[0]; i++) {
        assert_false(issuer_template_is_sound(unsound[i]));
    }
    assert_false(issuer_template_has_braces("https://idp.example/v2.0"));
    assert_true(issuer_template_has_braces("https://idp.example/{"));
}

/* What is found under a template's pattern is what fits the template. */
static void test_pattern_and_value(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 16);
    for (size_t i = 0; i < sizeof sound / sizeof sound[0]; i++) {
        const char *at = strstr(sound[i], ISSUER_TEMPLATE_PLACEHOLDER);
        const char *iss = arena_printf(arena, "%.*s" TENANT "%s", (int)(at - sound[i]), sound[i],
                                       at + strlen(ISSUER_TEMPLATE_PLACEHOLDER));
        assert_string_equal(issuer_template_of(arena, iss), sound[i]);
        assert_true(slice_eq_str(issuer_template_value(sound[i], iss), TENANT));
        assert_true(issuer_template_fits(sound[i], iss) && issuer_template_fits(iss, iss));
        assert_false(issuer_template_fits(sound[i], sound[i]));
    }
    static const char *const plain[] = {"",
                                        "https://",
                                        "https://accounts.google.com",
                                        "https://idp.example/",
                                        "https://idp.example/common/v2.0",
                                        "https://" TENANT "/v2.0",
                                        "https://idp.example/x" TENANT "/",
                                        "https://idp.example/" TENANT "x/",
                                        TENANT};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        assert_string_equal(issuer_template_of(arena, plain[i]), "");
    }
    assert_string_equal(issuer_template_of(arena, "https://a.example/" TENANT "/" TENANT),
                        "https://a.example/{tenantid}/" TENANT);
    arena_free(arena);
}

static void test_what_fits(void **state)
{
    (void)state;
    static const char *const misfits[] = {
        "",
        "https://login.microsoftonline.com/",
        "https://login.microsoftonline.com/" TENANT,
        "https://login.microsoftonline.com/" TENANT "/v2.0/",
        "https://login.microsoftonline.com/" TENANT "/v1.0",
        "https://login.microsoftonline.us/" TENANT "/v2.0",
        "https://login.microsoftonline.com/" TENANT "0/v2.0",
        "https://login.microsoftonline.com/x/" TENANT "/v2.0",
        "https://login.microsoftonline.com/6babcaad-604b-40ac-a9d7-9fd97c0b779/v2.0",
        "https://login.microsoftonline.com/6babcaad-604b-40ac-a9d7-9fd97c0b779g/v2.0",
        "HTTPS://login.microsoftonline.com/" TENANT "/v2.0",
    };
    for (size_t i = 0; i < sizeof misfits / sizeof misfits[0]; i++) {
        assert_false(issuer_template_fits(sound[0], misfits[i]));
        assert_int_equal(issuer_template_value(sound[0], misfits[i]).len, 0);
    }
    assert_int_equal(issuer_template_value("https://a.example/{x}", "https://a.example/").len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_can_be_registered),
        cmocka_unit_test(test_pattern_and_value),
        cmocka_unit_test(test_what_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
