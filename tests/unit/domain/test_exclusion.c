/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a tenant has locked out: by address, application and platform. */
#include "chancery_test.h"

#include "domain/relations/exclusion.h"
#include "domain/values/client_name.h"

static const struct subject bob = {
    .user = {.addresses = {"bob@contoso.com", "robert@contoso.com"}, .address_count = 2},
    .application = "Reader/1.0",
    .platform = "ios",
};

static bool excludes(enum exclusion_kind kind, const char *value)
{
    const struct exclusion exclusions[] = {{EXCLUDED_USER, "eve@contoso.com"}, {kind, value}};
    const struct tenant_view tenant = {.exclusions = exclusions, .exclusion_count = 2};
    return exclusion_applies(&tenant, &bob);
}

static void each_kind_looks_at_its_own(void **state)
{
    (void)state;
    assert_true(excludes(EXCLUDED_USER, "bob@contoso.com"));
    assert_true(excludes(EXCLUDED_USER, "robert@contoso.com"));
    assert_false(excludes(EXCLUDED_USER, "ios"));
    assert_true(excludes(EXCLUDED_APPLICATION, "Reader/1.0"));
    assert_false(excludes(EXCLUDED_APPLICATION, "Reader"));
    assert_true(excludes(EXCLUDED_PLATFORM, "ios"));
    assert_false(excludes(EXCLUDED_PLATFORM, "Reader/1.0"));
}

/* Names in any case, in any script, with white space around them or not. */
static void names_have_no_case(void **state)
{
    (void)state;
    static const struct {
        const char *one, *other;
        bool is_same;
    } rows[] = {
        {"Reader/1.0", "reader/1.0", true},
        {"  READER/1.0\t", "Reader/1.0", true},
        {"Reader 1.0", "Reader  1.0", false}, /* inside it counts */
        {"Reader", "Reade", false},
        {"İstanbul", "istanbul", false}, /* no language's own rules */
        {"MAİL", "mai\u0307l", true},
        {"ÜBERSICHT", "übersicht", true},
        {"\u00a0Übersicht\u2003", "U\u0308bersicht", true}, /* composed or not */
        {"Straße", "STRASSE", true},
        {"ΣΊΣΥΦΟΣ", "σίσυφος", true},
        {"почта", "ПОЧТА", true},
        {"почта", "почты", false},
        {"Mail", "Маil", false}, /* the latter begins in Cyrillic */
        {"", "", false},
        {"  ", "\u00a0", false}, /* nothing is no name, and is not itself */
        {"mail", "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (client_name_equals(rows[i].one, rows[i].other) != rows[i].is_same ||
            client_name_equals(rows[i].other, rows[i].one) != rows[i].is_same) {
            fail_msg("%s and %s: expected %d", rows[i].one, rows[i].other, rows[i].is_same);
        }
    }
    assert_true(excludes(EXCLUDED_APPLICATION, " READER/1.0"));
    assert_true(excludes(EXCLUDED_PLATFORM, "iOS "));
}

static void two_exclusions_may_be_one(void **state)
{
    (void)state;
    const struct exclusion ios = {EXCLUDED_PLATFORM, "ios"}, capital = {EXCLUDED_PLATFORM, "iOS"};
    const struct exclusion app = {EXCLUDED_APPLICATION, "ios"};
    const struct exclusion user = {EXCLUDED_USER, "bob@contoso.com"};
    const struct exclusion other = {EXCLUDED_USER, "BOB@contoso.com"};
    assert_true(exclusion_equals(&ios, &capital));
    assert_false(exclusion_equals(&ios, &app));
    assert_true(exclusion_equals(&user, &user));
    assert_false(exclusion_equals(&user, &other)); /* addresses are normalized already */
}

/* What a newer version has stored keeps everybody out: the one whom it means might be among
 * them. */
static void an_unknown_kind_excludes_everybody(void **state)
{
    (void)state;
    assert_true(excludes((enum exclusion_kind)9, "bob@contoso.com"));
    assert_true(excludes((enum exclusion_kind)9, "nobody"));
}

static void no_exclusion_excludes_nobody(void **state)
{
    (void)state;
    assert_false(exclusion_applies(&(const struct tenant_view){.name = "contoso"}, &bob));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_looks_at_its_own),
        cmocka_unit_test(names_have_no_case),
        cmocka_unit_test(two_exclusions_may_be_one),
        cmocka_unit_test(an_unknown_kind_excludes_everybody),
        cmocka_unit_test(no_exclusion_excludes_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
