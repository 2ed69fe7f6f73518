/* SPDX-License-Identifier: Apache-2.0 */
/* Filters and paths of SCIM (RFC 7644 §3.4.2.2, §3.5.2). */
#include <stdio.h>
#include <string.h>

#include "chancery_test.h"
#include "scim/scim_path.h"
#include "scim/scim_user.h"

static struct arena *arena;
static struct scim_user user;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    scim_user_init(&user, arena);
    user.id = "42";
    user.user_name = "Alice@contoso.com";
    user.external_id = "Ext-1";
    user.display_name = "Alice \"A\" Adams";
    user.given_name = "Alice";
    user.emails[0] = (struct scim_email){"alice@contoso.com", "work", true};
    user.emails[1] = (struct scim_email){"al@home.example", "home", false};
    user.email_count = 2;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const struct scim_filter *parse(const char *text, struct scim_fault *fault)
{
    const struct scim_filter *filter = NULL;
    *fault = (struct scim_fault){0};
    return scim_filter_parse(arena, slice_str(text), &filter, fault) ? filter : NULL;
}

static bool holds(const char *text)
{
    struct scim_fault fault;
    struct scim_subject subject = scim_user_subject(&user);
    const struct scim_filter *filter = parse(text, &fault);
    assert_non_null(filter);
    return scim_filter_matches(filter, &subject);
}

static void test_filters_hold_or_not(void **state)
{
    static const struct {
        const char *text;
        bool holds;
    } cases[] = {
        {"userName eq \"alice@CONTOSO.com\"", true},
        {"userName ne \"alice@contoso.com\"", false},
        {"nickName ne \"x\"", true}, /* what is not there is not equal */
        {"externalId eq \"ext-1\"", false},
        {"externalId eq \"Ext-1\"", true},
        {"urn:ietf:params:scim:schemas:core:2.0:User:userName sw \"ALICE\"", true},
        {"userName co \"@\"", true},
        {"userName co \"\"", true},
        {"userName ew \".com\"", true},
        {"userName ew \"Alice@contoso.com.\"", false},
        {"userName gt \"alice\"", true},
        {"userName lt \"alice\"", false},
        {"userName ge \"alice@contoso.com\"", true},
        {"userName le \"alice@contoso.com\"", true},
        {"displayName eq \"alice \\\"a\\\" \\u0041dams\"", true},
        {"name.givenName pr", true},
        {"name.familyName pr", false},
        {"title pr", false},
        {"active eq true", true},
        {"active eq False", false},
        {"emails eq \"al@home.example\"", true},
        {"emails.type eq \"home\"", true},
        {"emails[type eq \"work\" and value sw \"alice\"]", true},
        {"emails[type eq \"home\" and value sw \"alice\"]", false},
        {"emails[primary eq true]", true},
        {"emails[type eq \"x\" or not (type eq \"y\")]", true},
        {"photos[type eq \"x\"]", false},
        {"userName eq \"x\" or userName eq \"y\" and userName eq \"z\"", false},
        {"userName sw \"alice\" or userName eq \"y\" and userName eq \"z\"", true},
        {"(userName sw \"alice\" or userName eq \"y\") and userName eq \"z\"", false},
        {"NOT(userName eq \"x\") AND id eq \"42\"", true},
        {"  userName\teq  \"alice@contoso.com\"  ", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (holds(cases[i].text) != cases[i].holds) {
            fail_msg("%s", cases[i].text);
        }
    }
}

static void test_bad_filters_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "  ",
        "userName",
        "userName eq",
        "userName eq x\"",
        "userName eq \"x",
        "userName eq \"\\q\"",
        "userName eq \"a\\u0000b\"",
        "userName xx \"y\"",
        "userName eq \"x\" userName eq \"y\"",
        "userName eq \"x\" and",
        "and userName eq \"x\"",
        "(userName eq \"x\"",
        "userName eq \"x\")",
        "not userName eq \"x\"",
        "emails[type eq \"x\"",
        "emails[]",
        "emails[type eq \"x\"].value eq \"y\"",
        "eq \"x\"",
        "\xff eq \"x\"",
    };
    struct scim_fault fault;
    char many[SCIM_FILTER_BYTES_MAX + 2];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (parse(bad[i], &fault) != NULL) {
            fail_msg("%s", bad[i]);
        }
        assert_string_equal(fault.type, "invalidFilter");
    }
    memset(many, '(', sizeof many - 1);
    many[sizeof many - 1] = '\0';
    assert_null(parse(many, &fault));
    many[SCIM_FILTER_DEPTH_MAX + 1] = '\0';
    assert_null(parse(many, &fault));
    assert_string_equal(fault.why, "It is nested too deeply.");
}

static void test_terms_are_bounded(void **state)
{
    char text[SCIM_FILTER_BYTES_MAX] = "a pr";
    struct scim_fault fault;
    (void)state;
    size_t len = strlen(text);
    for (size_t i = 1; i < SCIM_FILTER_TERMS_MAX; i++) {
        len += (size_t)snprintf(text + len, sizeof text - len, " and a pr");
    }
    assert_non_null(parse(text, &fault));
    snprintf(text + len, sizeof text - len, " and a pr");
    assert_null(parse(text, &fault));
    assert_string_equal(fault.why, "It has more than 32 terms.");
}

static void test_what_a_filter_demands(void **state)
{
    struct scim_fault fault;
    (void)state;
    assert_string_equal(scim_filter_demands(parse("userName eq \"x\"", &fault), "username"), "x");
    assert_string_equal(scim_filter_demands(parse("active eq true and id eq \"7\"", &fault), "id"),
                        "7");
    assert_string_equal(
        scim_filter_demands(parse("emails[type eq \"w\" and value eq \"x\"]", &fault),
                            "emails.value"),
        "x");
    assert_null(scim_filter_demands(parse("id eq \"7\" or active eq true", &fault), "id"));
    assert_null(scim_filter_demands(parse("not (id eq \"7\")", &fault), "id"));
    assert_null(scim_filter_demands(parse("id co \"7\"", &fault), "id"));
}

static void test_paths(void **state)
{
    static const struct {
        const char *text, *attribute, *sub;
        bool has_filter;
    } good[] = {
        {"userName", "username", "", false},
        {"name.givenName", "name", "givenname", false},
        {"urn:ietf:params:scim:schemas:core:2.0:User:name.givenName", "name", "givenname", false},
        {"emails[type eq \"work\"].value", "emails", "value", true},
        {"members[value eq \"a]b\"]", "members", "", true},
        {"urn:x:2.0:User:department", "urn:x:2.0:user:department", "", false},
    };
    static const char *const bad[] = {
        "",         " ",           "a b",       "a[", "[a eq \"b\"]",   "a[b pr]c",
        "a[b pr].", "a[b pr].c d", "a.b[c pr]", ".a", "a[b pr].c[d pr]"};
    struct scim_path path;
    struct scim_fault fault = {0};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(scim_path_parse(arena, slice_str(good[i].text), &path, &fault));
        assert_string_equal(path.attribute, good[i].attribute);
        assert_string_equal(path.sub, good[i].sub);
        assert_int_equal(path.filter != NULL, good[i].has_filter);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fault = (struct scim_fault){0};
        if (scim_path_parse(arena, slice_str(bad[i]), &path, &fault)) {
            fail_msg("%s", bad[i]);
        }
        assert_string_equal(fault.type, "invalidPath");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filters_hold_or_not),
        cmocka_unit_test(test_bad_filters_are_refused),
        cmocka_unit_test(test_terms_are_bounded),
        cmocka_unit_test(test_what_a_filter_demands),
        cmocka_unit_test(test_paths),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
