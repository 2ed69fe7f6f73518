/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a tenant has locked out: by address, application and platform. */
#include "chancery_test.h"

#include "domain/relations/exclusion.h"

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
        cmocka_unit_test(an_unknown_kind_excludes_everybody),
        cmocka_unit_test(no_exclusion_excludes_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
