/* SPDX-License-Identifier: Apache-2.0 */
/* Which changes of a directory let somebody in (docs/policy.md §6.1), against a real PostgreSQL:
 * told without making them, and refused of one admin alone. The tests share one database and run in
 * order. */
#include "store_fixture.h"

#include "store/cache/directories.h"
#include "store/resource/directory_store.h"

/* --- changes ---------------------------------------------------------------------------------- */

static struct directory_look *look_at(struct directory_part part)
{
    struct directory_look *look = ARENA_NEW(f.arena, struct directory_look);
    look->tenant = CONTOSO;
    prepare(&look->op);
    directory_store_look(look, &part);
    (void)wait_for(&look->op);
    return look;
}

static struct change_op *begin(void)
{
    struct change_op *op = change(CONTOSO);
    op->directory = ARENA_NEW(f.arena, struct directory_outcome);
    return op;
}

static struct change_op *put(struct directory_part part)
{
    struct change_op *op = begin();
    directory_store_put(op, "put", "target", &part);
    (void)wait_for(&op->op);
    return op;
}

static struct directory_part of_user(struct directory_user user)
{
    struct directory_user *users = ARENA_NEW(f.arena, struct directory_user);
    *users = user;
    users->display_name = "";
    return (struct directory_part){.users = users, .user_count = 1};
}

static struct directory_part of_group(struct directory_group group)
{
    struct directory_group *groups = ARENA_NEW(f.arena, struct directory_group);
    *groups = group;
    groups->display_name = "";
    groups->external_id = group.external_id == NULL ? "" : group.external_id;
    return (struct directory_part){.groups = groups, .group_count = 1};
}

static struct directory_part of_member(const char *group, const char *member)
{
    struct directory_members *list = ARENA_NEW(f.arena, struct directory_members);
    const char **members = ARENA_NEW(f.arena, const char *);
    *members = member;
    *list = (struct directory_members){.group = group, .members = members, .count = 1};
    return (struct directory_part){.members = list, .members_count = 1};
}

static struct directory_aliases alias(const char *address)
{
    const char **items = ARENA_NEW(f.arena, const char *);
    *items = address;
    return (struct directory_aliases){items, 1};
}

static void require_second(bool is_required)
{
    run_sql(is_required ? "UPDATE tenant SET approvals = 34 WHERE name = 'contoso'"
                        : "UPDATE tenant SET approvals = 0 WHERE name = 'contoso'");
}

/* One admin alone is refused, with what is at fault; and what is told by looking is the same. */
static void assert_needs_second(struct directory_part part, const char *what, const char *holder)
{
    struct change_op *op = put(part);
    assert_int_equal(op->op.err.reason, R_APPROVAL_REQUIRED);
    assert_string_equal(op->directory->what, what);
    assert_string_equal(op->directory->holder, holder);
    struct directory_look *look = look_at(part);
    assert_int_equal(look->op.err.reason, R_NONE);
    assert_true(look->needs_second);
    assert_string_equal(look->outcome.what, what);
    assert_string_equal(look->outcome.holder, holder);
}

static void assert_harmless(struct directory_part part)
{
    struct directory_look *look = look_at(part);
    assert_int_equal(look->op.err.reason, R_NONE);
    assert_false(look->needs_second);
    assert_int_equal(put(part)->op.err.reason, R_NONE);
}

/* --- tests ------------------------------------------------------------------------------------ */

static void an_address_that_joins_another_needs_a_second_admin(void **state)
{
    (void)state;
    const struct directory_user ann = {.address = "ann@contoso.com"};
    const struct directory_user both = {.address = "ann@contoso.com",
                                        .aliases = alias("vic@contoso.com")};
    require_second(true);
    assert_harmless(of_user(ann));
    assert_needs_second(of_user(both), "vic@contoso.com", "ann@contoso.com");
    require_second(false);
    assert_int_equal(put(of_user(both))->op.err.reason, R_NONE);
    assert_true(look_at(of_user(ann))->op.err.reason == R_NONE);
    require_second(true);
    assert_harmless(of_user(both));
    assert_harmless(of_user(ann));
    assert_needs_second(of_group((struct directory_group){.address = "vic@contoso.com"}),
                        "vic@contoso.com", "vic@contoso.com"); /* it was a person's */
}

static void looking_changes_nothing_and_tells_the_epoch(void **state)
{
    (void)state;
    struct directory_part part = of_user((struct directory_user){.address = "new@contoso.com"});
    struct directory_look *first = look_at(part);
    assert_int_equal(look_at(part)->known.epoch, first->known.epoch);
    assert_true(uuid_eq(first->known.scope, directories_scope(CONTOSO)));
    assert_int_equal(put(part)->op.err.reason, R_NONE);
    assert_int_not_equal(look_at(part)->known.epoch, first->known.epoch);
    struct directory_look *look = look_at(of_member("none@contoso.com", "new@contoso.com"));
    assert_int_equal(look->op.err.reason, R_NOT_FOUND);
    assert_string_equal(look->outcome.what, "none@contoso.com");
}

static void members_of_power_need_a_second_admin(void **state)
{
    (void)state;
    static const char *const groups[] = {"power@contoso.com", "inner@contoso.com",
                                         "desk@contoso.com"};
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        assert_harmless(of_group((struct directory_group){.address = groups[i]}));
    }
    assert_harmless(of_member("power@contoso.com", "inner@contoso.com"));
    assert_harmless(of_member("desk@contoso.com", "new@contoso.com"));
    run_sql("INSERT INTO super_user (tenant, principal, reason, granted_by, expires_at) "
            "SELECT tenant, 'group:power@contoso.com', 'x', 'x', now() + interval '1 hour' "
            "FROM tenant WHERE name = 'contoso'");
    assert_needs_second(of_member("inner@contoso.com", "ann@contoso.com"), "ann@contoso.com",
                        "inner@contoso.com");
    struct directory_part nested = of_member("inner@contoso.com", "desk@contoso.com");
    assert_needs_second(nested, "desk@contoso.com", "inner@contoso.com");
    struct directory_look *look = look_at(nested);
    assert_true(look->is_whole);
    assert_int_equal(look->behind_count, 2);
    assert_string_equal(look->behind[0], "desk@contoso.com");
    assert_string_equal(look->behind[1], "new@contoso.com");
    assert_needs_second(
        of_group((struct directory_group){.address = "inner@contoso.com", .external_id = "id"}),
        "inner@contoso.com", "inner@contoso.com");
    assert_needs_second(of_group((struct directory_group){.address = "power@contoso.com",
                                                          .aliases = alias("p@contoso.com")}),
                        "p@contoso.com", "power@contoso.com");
    run_sql("UPDATE super_user SET expires_at = now()");
    assert_harmless(of_member("inner@contoso.com", "ann@contoso.com"));
}

static void more_behind_it_than_can_be_read_is_not_whole(void **state)
{
    (void)state;
    run_sql("UPDATE super_user SET expires_at = now() + interval '1 hour'");
    run_sql("INSERT INTO directory_member SELECT tenant, 'desk@contoso.com', 'p' || n || "
            "'@contoso.com' FROM tenant, generate_series(1, 999) AS n WHERE name = 'contoso'");
    struct directory_look *look = look_at(of_member("inner@contoso.com", "desk@contoso.com"));
    assert_true(look->needs_second);
    assert_false(look->is_whole);
}

static void an_imports_refusal_is_on_record(void **state)
{
    (void)state;
    struct change_op *op = begin();
    struct directory_part part = of_member("inner@contoso.com", "eve@contoso.com");
    assert_int_equal(count_audit(NULL, "APPROVAL_REQUIRED"), 0);
    directory_store_import(op, "import", &part);
    assert_int_equal(wait_for(&op->op), R_APPROVAL_REQUIRED);
    assert_int_equal(count_audit("import_directory", "APPROVAL_REQUIRED"), 1);
}

static void removing_a_guest_who_holds_power_needs_a_second_admin(void **state)
{
    (void)state;
    assert_harmless(
        of_user((struct directory_user){.address = "gus@contoso.com", .is_guest = true}));
    run_sql("INSERT INTO super_user (tenant, principal, reason, granted_by, expires_at) "
            "SELECT tenant, 'user:gus@contoso.com', 'x', 'x', now() + interval '1 hour' "
            "FROM tenant WHERE name = 'contoso'");
    assert_needs_second(of_user((struct directory_user){.address = "gus@contoso.com"}),
                        "gus@contoso.com", "gus@contoso.com");
    struct directory_look *look = ARENA_NEW(f.arena, struct directory_look);
    look->tenant = CONTOSO;
    prepare(&look->op);
    directory_store_look_delete(look, "gus@contoso.com");
    assert_int_equal(wait_for(&look->op), R_NONE);
    assert_true(look->needs_second);
    struct change_op *op = begin();
    directory_store_delete(op, DIRECTORY_USER, "gus@contoso.com");
    assert_int_equal(wait_for(&op->op), R_APPROVAL_REQUIRED);
    run_sql("DELETE FROM super_user");
    op = begin();
    directory_store_delete(op, DIRECTORY_USER, "gus@contoso.com");
    assert_int_equal(wait_for(&op->op), R_NONE);
    op = begin();
    directory_store_delete(op, DIRECTORY_USER, "gus@contoso.com");
    assert_int_equal(wait_for(&op->op), R_NOT_FOUND);
    assert_string_equal(op->directory->what, "gus@contoso.com");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_that_joins_another_needs_a_second_admin),
        cmocka_unit_test(looking_changes_nothing_and_tells_the_epoch),
        cmocka_unit_test(members_of_power_need_a_second_admin),
        cmocka_unit_test(more_behind_it_than_can_be_read_is_not_whole),
        cmocka_unit_test(an_imports_refusal_is_on_record),
        cmocka_unit_test(removing_a_guest_who_holds_power_needs_a_second_admin),
    };
    return cmocka_run_group_tests(tests, store_set_up_tenant, store_tear_down);
}
