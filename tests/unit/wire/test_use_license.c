/* SPDX-License-Identifier: Apache-2.0 */
/* The claims of use licenses are golden: clients depend on every byte. */
#include "chancery_test.h"

#include "wire/use_license.h"

static void claims_are_as_published(void **state)
{
    (void)state;
    struct err err = {0};
    struct slice claims;
    struct arena *arena = arena_new(65536);
    struct access_decision decision = {
        .rights = {.bits = RIGHT_VIEW | RIGHT_PRINT, .custom_count = 1, .custom = {"SIGN"}},
        .channel = CHANNEL_PORTAL,
        .license_expires_at = {1795521600},
    };
    struct use_license license = {
        .authority_url = "https://rms.example.org",
        .id = {{{1}}},
        .principal = "bob@fabrikam.com",
        .tenant = {{{2}}},
        .boundary = "gcc-high",
        .owner = "alice@contoso.com",
        .now = {1795521000},
        .decision = &decision,
    };
    assert_ok(use_license_claims(arena, &license, &claims, &err), &err);
    assert_string_equal(
        arena_dup(arena, claims),
        "{\"bnd\":\"gcc-high\",\"chn\":\"portal\",\"exp\":1795521600,\"iat\":1795521000,"
        "\"iss\":\"https://rms.example.org/tenants/02000000-0000-0000-0000-000000000000\",\"jti\":\"01000000-0000-0000-0000-000000000000\","
        "\"nbf\":1795520940,\"off\":false,\"own\":\"alice@contoso.com\","
        "\"rts\":[\"VIEW\",\"PRINT\",\"SIGN\"],\"sub\":\"bob@fabrikam.com\","
        "\"tid\":\"02000000-0000-0000-0000-000000000000\"}");
    license.template.u.b[0] = 3;
    decision.channel = CHANNEL_NATIVE;
    decision.may_cache = true;
    assert_ok(use_license_claims(arena, &license, &claims, &err), &err);
    const char *text = arena_dup(arena, claims);
    assert_non_null(strstr(text, "\"tpl\":\"03000000-0000-0000-0000-000000000000\""));
    assert_non_null(strstr(text, "\"chn\":\"native\""));
    assert_non_null(strstr(text, "\"off\":true"));
    license.owner = "\"al\\ice\"@contoso.com";
    decision.rights = (struct rights){0};
    decision.frees_attachments = true;
    assert_ok(use_license_claims(arena, &license, &claims, &err), &err);
    text = arena_dup(arena, claims);
    assert_non_null(strstr(text, "{\"att\":\"free\",\"bnd\""));
    assert_non_null(strstr(text, "\"own\":\"\\\"al\\\\ice\\\"@contoso.com\",\"rts\":[],\"sub\""));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(claims_are_as_published)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
