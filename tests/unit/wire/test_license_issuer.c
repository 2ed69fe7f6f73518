/* SPDX-License-Identifier: Apache-2.0 */
/* Where a tenant's licenses say that its keys are: clients depend on every byte. */
#include "chancery_test.h"

#include "wire/license_issuer.h"

#define ID "01900000-0000-7000-8000-0000000000ab"
#define WELL_KNOWN "/.well-known/oauth-authorization-server"

static const struct tenant_id tenant = {
    {{0x01, 0x90, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 0xab}}};

static void addresses(void **state)
{
    (void)state;
    static const struct {
        const char *authority, *issuer, *metadata;
    } rows[] = {
        {"https://rms.example.org", "https://rms.example.org/tenants/" ID,
         WELL_KNOWN "/tenants/" ID},
        {"https://rms.example.org:8443", "https://rms.example.org:8443/tenants/" ID,
         WELL_KNOWN "/tenants/" ID},
        {"https://[2001:db8::1]:8443/a/b", "https://[2001:db8::1]:8443/a/b/tenants/" ID,
         WELL_KNOWN "/a/b/tenants/" ID},
        {"https://rms.example.org//", "https://rms.example.org/tenants/" ID,
         WELL_KNOWN "/tenants/" ID},
        {"", "/tenants/" ID, WELL_KNOWN}, /* the end that all of the tenant's have */
    };
    AUTO(arena_free_at) struct arena *arena = arena_new(65536);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *issuer = license_issuer(arena, rows[i].authority, tenant);
        assert_string_equal(issuer, rows[i].issuer);
        assert_string_equal(license_issuer_metadata_path(arena, issuer), rows[i].metadata);
    }
    assert_string_equal(license_issuer_keys_path(arena, tenant), "/tenants/" ID "/jwks.json");
}

static void metadata(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(65536);
    struct err err = {0};
    struct slice json;
    const char *issuer = license_issuer(arena, "https://rms.example.org", tenant);
    assert_ok(license_issuer_metadata(arena, issuer, &json, &err), &err);
    assert_string_equal(arena_dup(arena, json),
                        "{\"grant_types_supported\":[],"
                        "\"issuer\":\"https://rms.example.org/tenants/" ID "\","
                        "\"jwks_uri\":\"https://rms.example.org/tenants/" ID "/jwks.json\","
                        "\"response_types_supported\":[]}");
}

static void pages(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum license_page page;
    } rows[] = {
        {"/tenants/" ID "/jwks.json", LICENSE_PAGE_KEYS},
        {WELL_KNOWN "/tenants/" ID, LICENSE_PAGE_METADATA},
        {WELL_KNOWN "/a/b/tenants/" ID, LICENSE_PAGE_METADATA},
        {"", LICENSE_PAGE_NONE},
        {"/", LICENSE_PAGE_NONE},
        {"/jwks.json", LICENSE_PAGE_NONE},
        {"/tenants/" ID, LICENSE_PAGE_NONE},
        {"/tenants/" ID "/jwks.json/", LICENSE_PAGE_NONE},
        {"/tenants/" ID "/jwks_json", LICENSE_PAGE_NONE},
        {"/tenants_" ID "/jwks.json", LICENSE_PAGE_NONE},
        {"/tenants/x1900000-0000-7000-8000-0000000000ab/jwks.json", LICENSE_PAGE_NONE},
        {WELL_KNOWN, LICENSE_PAGE_NONE},
        {WELL_KNOWN "/" ID, LICENSE_PAGE_NONE},
        {WELL_KNOWN "/tenants/01900000-0000-7000-8000_0000000000ab", LICENSE_PAGE_NONE},
        {"/.well-known/openid-configuration/tenants/" ID, LICENSE_PAGE_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tenant_id found = {0};
        assert_int_equal(license_issuer_page(rows[i].path, &found), rows[i].page);
        assert_true(rows[i].page == LICENSE_PAGE_NONE || ID_EQ(found, tenant));
    }
}

static void authorities(void **state)
{
    (void)state;
    static const char *const good[] = {"https://a", "https://rms.example.org:8443/rms",
                                       "https://[::1]"};
    static const char *const bad[] = {
        "",           "a",          "http://a",    "https://",    "https:///a",      "https://a/",
        "https://a?", "https://a#", "https://a b", "https://\"a", "https://\xc3\xa9"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(authority_url_is_valid(good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(authority_url_is_valid(bad[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(addresses), cmocka_unit_test(metadata),
                                       cmocka_unit_test(pages), cmocka_unit_test(authorities)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
