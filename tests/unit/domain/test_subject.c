/* SPDX-License-Identifier: Apache-2.0 */
/* What a tenant may say of a user: groups and aliases in its own domains, sorted, and bounded. */
#include "chancery_test.h"

#include <string.h>

#include "domain/relations/membership.h"
#include "domain/values/subject.h"
#include "domain/values/tenant.h"

static const char *const domains[] = {"contoso.com"};
static const struct tenant_view contoso = {
    .name = "contoso", .domains = domains, .domain_count = 1};

static void groups_are_merged_sorted_and_only_the_tenants(void **state)
{
    (void)state;
    static const char *const token[] = {"legal@contoso.com", "all@contoso.com", "all@fabrikam.com"};
    static const char *const directory[] = {"board@contoso.com", "legal@contoso.com"};
    struct arena *arena = arena_new(1 << 16);
    struct subject_user user = {.address_count = 1};
    struct err err = {0};
    assert_ok(membership_add_groups(arena, &user, &contoso, token, 3, &err), &err);
    assert_int_equal(user.group_count, 2);
    assert_ok(membership_add_groups(arena, &user, &contoso, directory, 2, &err), &err);
    assert_int_equal(user.group_count, 3);
    assert_string_equal(user.groups[0], "all@contoso.com");
    assert_true(membership_in_group(&user, "board@contoso.com"));
    assert_true(membership_in_group(&user, "legal@contoso.com"));
    assert_false(membership_in_group(&user, "all@fabrikam.com"));
    arena_free(arena);
}

static void more_groups_than_the_bound_are_refused(void **state)
{
    (void)state;
    static const char *many[SUBJECT_GROUPS_MAX + 1];
    struct arena *arena = arena_new(1 << 20);
    struct subject_user user = {.address_count = 1};
    struct err err = {0};
    for (size_t i = 0; i <= SUBJECT_GROUPS_MAX; i++) {
        many[i] = "all@contoso.com";
    }
    assert_false(
        membership_add_groups(arena, &user, &contoso, many, SUBJECT_GROUPS_MAX + 1, &err).ok);
    assert_int_equal(err.reason, R_TOO_MANY_GROUPS);
    assert_int_equal(user.group_count, 0);
    arena_free(arena);
}

/* When there is no memory, the user keeps the groups that they had. */
static void memory_runs_out_before_groups_change(void **state)
{
    (void)state;
    static const char *const had[] = {"all@contoso.com"};
    static const char *const more[] = {"legal@contoso.com"};
    struct arena *arena = arena_new(1 << 16);
    bool ok = false;
    size_t fail_at;
    for (fail_at = 1; !ok; fail_at++) {
        struct subject_user user = {.address_count = 1, .groups = had, .group_count = 1};
        struct err err = {0};
        arena_fail_at(arena, fail_at);
        ok = membership_add_groups(arena, &user, &contoso, more, 1, &err).ok;
        arena_fail_at(arena, 0);
        assert_int_equal(err.reason, ok ? R_NONE : R_ARENA_EXHAUSTED);
        assert_int_equal(user.group_count, ok ? 2 : 1);
        assert_true(membership_in_group(&user, "all@contoso.com"));
        assert_int_equal(membership_in_group(&user, "legal@contoso.com"), ok);
    }
    assert_int_equal(fail_at, 3);
    arena_free(arena);
}

static void aliases_are_the_tenants_and_each_once(void **state)
{
    (void)state;
    static const char *const aliases[] = {"bob@contoso.com", "robert@contoso.com",
                                          "bob@fabrikam.com"};
    struct subject_user user = {.addresses = {"bob@contoso.com"}, .address_count = 1};
    struct err err = {0};
    assert_ok(membership_add_aliases(&user, &contoso, aliases, 3, &err), &err);
    assert_int_equal(user.address_count, 2);
    assert_string_equal(user.addresses[1], "robert@contoso.com");
}

/* Who has more addresses than there is room for is nobody: one that is left out may be the one by which
 * they are shut out. What is there already costs no room. */
static void no_alias_is_left_out(void **state)
{
    (void)state;
    static char names[SUBJECT_ADDRESSES_MAX + 1][32];
    const char *aliases[SUBJECT_ADDRESSES_MAX + 1];
    struct subject_user user = {.addresses = {"u0@contoso.com"}, .address_count = 1};
    for (size_t i = 0; i <= SUBJECT_ADDRESSES_MAX; i++) {
        snprintf(names[i], sizeof names[i], "u%zu@contoso.com", i);
        aliases[i] = names[i];
    }
    struct err err = {0};
    assert_ok(membership_add_aliases(&user, &contoso, aliases, SUBJECT_ADDRESSES_MAX, &err), &err);
    assert_int_equal(user.address_count, SUBJECT_ADDRESSES_MAX);
    assert_string_equal(user.addresses[SUBJECT_ADDRESSES_MAX - 1], "u127@contoso.com");
    assert_false(
        membership_add_aliases(&user, &contoso, aliases, SUBJECT_ADDRESSES_MAX + 1, &err).ok);
    assert_int_equal(err.reason, R_TOKEN_CLAIM_INVALID);
}

static void no_groups_change_nothing(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 16);
    struct subject_user user = {.address_count = 1};
    struct err err = {0};
    assert_ok(membership_add_groups(arena, &user, &contoso, NULL, 0, &err), &err);
    assert_null(user.groups);
    assert_false(membership_in_group(&user, "all@contoso.com"));
    arena_free(arena);
}

static void membership_is_certain_or_it_is_not(void **state)
{
    (void)state;
    struct subject_user user = {.tenant = {{{1}}}};
    assert_true(membership_is_certain(&user));
    user.is_maybe_guest = true;
    assert_false(membership_is_certain(&user));
    user = (struct subject_user){.tenant = {{{1}}}, .is_guest = true};
    assert_false(membership_is_certain(&user));
    user.tenant = TENANT_PLATFORM;
    user.is_guest = false;
    assert_false(membership_is_certain(&user));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_merged_sorted_and_only_the_tenants),
        cmocka_unit_test(more_groups_than_the_bound_are_refused),
        cmocka_unit_test(memory_runs_out_before_groups_change),
        cmocka_unit_test(aliases_are_the_tenants_and_each_once),
        cmocka_unit_test(no_alias_is_left_out),
        cmocka_unit_test(no_groups_change_nothing),
        cmocka_unit_test(membership_is_certain_or_it_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
