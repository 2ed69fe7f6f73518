/* SPDX-License-Identifier: Apache-2.0 */
/* Directories against a real PostgreSQL: what may be put, and what a decision learns of
 * somebody. The tests share one database and run in order. */
#include "store_fixture.h"

#include "crypto/algs.h"
#include "store/cache/directories.h"
#include "store/resource/directory_store.h"

static struct directories *directories;

static const char *const domains[] = {"contoso.com"};
/* CONTOSO, with what counts of it here. */
static struct tenant_view contoso = {.domains = domains, .domain_count = 1};

static int set_up(void **state)
{
    assert_ok(crypto_init(NULL, &f.err), &f.err);
    directories = directories_new(100);
    contoso.id = CONTOSO;
    return store_set_up_tenant(state);
}

static int tear_down(void **state)
{
    int failed = store_tear_down(state);
    directories_free(directories);
    crypto_fini();
    return failed;
}

/* --- changing --------------------------------------------------------------------------------- */

static struct directory_op *begin(void)
{
    struct directory_op *op = ARENA_NEW(f.arena, struct directory_op);
    prepare(&op->op);
    op->tenant = CONTOSO;
    return op;
}

struct change {
    struct change_op by;
    struct directory_outcome is;
};

static struct change *begin_change(void)
{
    struct change *change = ARENA_NEW(f.arena, struct change);
    change->by = (struct change_op){.scope = CONTOSO, .who = WHO, .directory = &change->is};
    prepare(&change->by.op);
    return change;
}

static struct change *put(struct directory_part part)
{
    struct change *change = begin_change();
    directory_store_put(&change->by, "test", "target", &part);
    wait_all(1);
    return change;
}

static enum reason put_user(const char *address, const char *alias, bool is_guest)
{
    const char *aliases[] = {alias};
    struct directory_user user = {.address = address,
                                  .display_name = "Name",
                                  .aliases = {aliases, alias != NULL},
                                  .is_guest = is_guest};
    return put((struct directory_part){.users = &user, .user_count = 1})->by.op.err.reason;
}

static enum reason put_group(const char *address, const char *external_id)
{
    struct directory_group group = {
        .address = address, .display_name = "Group", .external_id = external_id};
    return put((struct directory_part){.groups = &group, .group_count = 1})->by.op.err.reason;
}

static struct change *add_member(const char *group, const char *member)
{
    struct directory_members members = {.group = group, .members = &member, .count = 1};
    return put((struct directory_part){.members = &members, .members_count = 1});
}

static void users_are_put_found_and_replaced(void **state)
{
    (void)state;
    assert_int_equal(put_user("ann@contoso.com", "a@contoso.com", false), R_NONE);
    assert_int_equal(put_user("gus@contoso.com", NULL, true), R_NONE);
    struct directory_op *op = begin();
    directory_store_list(op, DIRECTORY_USER, NULL, "", 10);
    wait_all(1);
    assert_int_equal(op->user_count, 2);
    assert_string_equal(op->users[0].address, "ann@contoso.com");
    assert_string_equal(op->users[0].aliases.items[0], "a@contoso.com");
    assert_true(op->users[1].is_guest);
    op = begin();
    directory_store_list(op, DIRECTORY_USER, "a@contoso.com", "", 1);
    wait_all(1);
    assert_int_equal(op->user_count, 1);
    assert_string_equal(op->users[0].address, "ann@contoso.com");
    op = begin();
    directory_store_list(op, DIRECTORY_USER, NULL, "ann@contoso.com", 10);
    wait_all(1);
    assert_int_equal(op->user_count, 1);
    assert_string_equal(op->users[0].address, "gus@contoso.com");
}

static void what_is_taken_is_named(void **state)
{
    (void)state;
    const char *aliases[] = {"free@contoso.com", "a@contoso.com"};
    struct directory_user user = {
        .address = "bob@contoso.com", .display_name = "Bob", .aliases = {aliases, 2}};
    struct change *change = put((struct directory_part){.users = &user, .user_count = 1});
    assert_int_equal(change->by.op.err.reason, R_ALREADY_EXISTS);
    assert_string_equal(change->is.what, "a@contoso.com");
    assert_string_equal(change->is.holder, "ann@contoso.com");
    assert_int_equal(put_group("ann@contoso.com", ""), R_ALREADY_EXISTS);
    assert_int_equal(put_group("one@contoso.com", "id-1"), R_NONE);
    struct directory_group group = {
        .address = "two@contoso.com", .display_name = "", .external_id = "id-1"};
    change = put((struct directory_part){.groups = &group, .group_count = 1});
    assert_int_equal(change->by.op.err.reason, R_ALREADY_EXISTS);
    assert_true(change->is.is_external_id);
    assert_string_equal(change->is.holder, "one@contoso.com");
    struct directory_user twice[] = {user, user};
    twice[0].aliases.count = twice[1].aliases.count = 0;
    change = put((struct directory_part){.users = twice, .user_count = 2});
    assert_int_equal(change->by.op.err.reason, R_FIELD_INVALID);
    assert_string_equal(change->is.what, "bob@contoso.com");
    change = begin_change();
    directory_store_delete(&change->by, DIRECTORY_USER, "one@contoso.com"); /* a group */
    assert_int_equal(wait_for(&change->by.op), R_NOT_FOUND);
    change = begin_change();
    directory_store_delete(&change->by, DIRECTORY_GROUP, "one@contoso.com");
    assert_int_equal(wait_for(&change->by.op), R_NONE);
}

/* What is put together may exchange names, whatever the order. */
static void aliases_move_within_a_part(void **state)
{
    (void)state;
    const char *x[] = {"x@contoso.com"}, *y[] = {"y@contoso.com"};
    struct directory_user users[] = {
        {.address = "p@contoso.com", .display_name = "", .aliases = {x, 1}},
        {.address = "q@contoso.com", .display_name = "", .aliases = {y, 1}}};
    struct directory_part part = {.users = users, .user_count = 2, .import_id = {{9}}};
    assert_int_equal(put(part)->by.op.err.reason, R_NONE);
    users[0].aliases.items = y;
    users[1].aliases.items = x;
    struct change *change = put(part);
    assert_int_equal(change->by.op.err.reason, R_NONE);
    assert_int_equal(change->is.import_users, 4);
    struct directory_op *op = begin();
    directory_store_list(op, DIRECTORY_USER, "x@contoso.com", "", 1);
    wait_all(1);
    assert_string_equal(op->users[0].address, "q@contoso.com");
}

static void circles_are_refused_whole(void **state)
{
    (void)state;
    assert_int_equal(put_group("g1@contoso.com", "id-g1"), R_NONE);
    assert_int_equal(put_group("g2@contoso.com", ""), R_NONE);
    assert_int_equal(put_group("g3@contoso.com", ""), R_NONE);
    assert_int_equal(add_member("g2@contoso.com", "g1@contoso.com")->is.changed, 1);
    assert_int_equal(add_member("g2@contoso.com", "g1@contoso.com")->is.changed, 0);
    assert_int_equal(add_member("g3@contoso.com", "g2@contoso.com")->by.op.err.reason, R_NONE);
    const char *members[] = {"ann@contoso.com", "g3@contoso.com"};
    struct directory_members circle = {.group = "g1@contoso.com", .members = members, .count = 2};
    struct change *change = put((struct directory_part){.members = &circle, .members_count = 1});
    assert_int_equal(change->by.op.err.reason, R_GROUP_CYCLE);
    assert_string_equal(change->is.what, "g1@contoso.com");
    struct directory_op *op = begin();
    directory_store_list_members(op, "g1@contoso.com", "", 10);
    wait_all(1);
    assert_int_equal(op->address_count, 0);
    change = add_member("none@contoso.com", "ann@contoso.com");
    assert_int_equal(change->by.op.err.reason, R_NOT_FOUND);
    assert_string_equal(change->is.what, "none@contoso.com");
}

/* A group is meant by each of its addresses, and what was a member by an address that becomes a
 * group's is that group. */
static void groups_have_aliases_and_are_renamed(void **state)
{
    (void)state;
    const char *old[] = {"h1@contoso.com", "h-alias@contoso.com"};
    struct directory_group group = {.address = "h1@contoso.com", .external_id = "id-h"};
    struct directory_part part = {.groups = &group, .group_count = 1};
    group.display_name = "H";
    assert_int_equal(put(part)->by.op.err.reason, R_NONE);
    assert_int_equal(add_member("g1@contoso.com", "h-alias@contoso.com")->is.changed, 1);
    group.aliases = (struct directory_aliases){&old[1], 1};
    assert_int_equal(put(part)->by.op.err.reason, R_NONE);
    assert_int_equal(add_member("h-alias@contoso.com", "g3@contoso.com")->by.op.err.reason,
                     R_GROUP_CYCLE); /* h is in g1 by its alias, and that in g3 */
    part.previous = "h1@contoso.com";
    group.address = "h2@contoso.com";
    group.aliases = (struct directory_aliases){old, 2};
    assert_int_equal(put(part)->by.op.err.reason, R_NONE);
    struct directory_op *op = begin();
    directory_store_list(op, DIRECTORY_GROUP, "h-alias@contoso.com", "", 1);
    wait_all(1);
    assert_int_equal(op->group_count, 1);
    assert_string_equal(op->groups[0].address, "h2@contoso.com");
    assert_int_equal(op->groups[0].aliases.count, 2);
    assert_string_equal(op->groups[0].aliases.items[0], "h-alias@contoso.com");
    part.previous = "none@contoso.com";
    group.address = "h3@contoso.com";
    group.aliases.count = 0;
    struct change *change = put(part);
    assert_int_equal(change->by.op.err.reason, R_NOT_FOUND);
    assert_string_equal(change->is.what, "none@contoso.com");
}

/* --- finding ---------------------------------------------------------------------------------- */

static struct directory_find *ask(const struct directory_question *question, bool *was_remembered)
{
    struct directory_find *find = ARENA_NEW(f.arena, struct directory_find);
    prepare(&find->op);
    *was_remembered = directories_remembered(directories, find, question);
    if (!*was_remembered) {
        directories_ask(directories, find, question);
        assert_int_equal(wait_for(&find->op), R_NONE);
    }
    return find;
}

static void a_person_is_found_with_aliases_and_nested_groups(void **state)
{
    (void)state;
    static const char *const addresses[] = {"ann@contoso.com"};
    struct directory_question question = {
        .tenant = &contoso, .addresses = addresses, .address_count = 1};
    bool was_remembered;
    assert_int_equal(add_member("g1@contoso.com", "a@contoso.com")->by.op.err.reason, R_NONE);
    const struct directory_person *person = ask(&question, &was_remembered)->person;
    assert_false(was_remembered);
    assert_true(person->is_visible);
    assert_false(person->is_guest);
    assert_int_equal(person->alias_count, 2);
    assert_string_equal(person->aliases[0], "a@contoso.com");
    assert_int_equal(person->group_count, 3);
    assert_string_equal(person->groups[2], "g3@contoso.com");
    assert_true(person->epoch > 0);
    static const char *const guest[] = {"gus@contoso.com"}, *const nobody[] = {"no@contoso.com"};
    question.addresses = guest;
    assert_true(ask(&question, &was_remembered)->person->is_guest);
    question.addresses = nobody;
    person = ask(&question, &was_remembered)->person;
    assert_false(person->is_guest);
    assert_true(person->is_visible);
    assert_int_equal(person->group_count + person->alias_count, 0);
}

static void a_person_is_in_a_group_by_all_of_its_addresses(void **state)
{
    (void)state;
    static const char *const addresses[] = {"hal@contoso.com"}, *const claimed[] = {
                                                                    "h-alias@contoso.com"};
    static const char *const expected[] = {"g1@contoso.com", "g2@contoso.com",
                                           "g3@contoso.com", "h-alias@contoso.com",
                                           "h1@contoso.com", "h2@contoso.com"};
    struct directory_question question = {
        .tenant = &contoso, .addresses = addresses, .address_count = 1};
    bool was_remembered;
    assert_int_equal(add_member("h1@contoso.com", "hal@contoso.com")->by.op.err.reason, R_NONE);
    const struct directory_person *person = ask(&question, &was_remembered)->person;
    assert_int_equal(person->group_count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(person->groups[i], expected[i]);
    }
    question.addresses = (const char *const[]){"ida@contoso.com"};
    question.groups = claimed;
    question.group_count = 1;
    assert_int_equal(ask(&question, &was_remembered)->person->group_count, 6);
}

static void groups_of_tokens_are_addresses_or_external_ids(void **state)
{
    (void)state;
    static const char *const addresses[] = {"no@contoso.com"};
    static const char *const by_id[] = {"id-g1", "ann@contoso.com"}, *const by_address[] = {
                                                                         "g2@contoso.com"};
    struct directory_question question = {.tenant = &contoso,
                                          .addresses = addresses,
                                          .address_count = 1,
                                          .groups = by_id,
                                          .group_count = 2};
    bool was_remembered;
    assert_int_equal(ask(&question, &was_remembered)->person->group_count, 3);
    question.groups = by_address;
    question.group_count = 1;
    assert_int_equal(ask(&question, &was_remembered)->person->group_count, 2);
}

static void what_is_remembered_ends_with_the_next_change(void **state)
{
    (void)state;
    static const char *const some[] = {"ann@contoso.com", "x@contoso.com"};
    static const char *const same[] = {"x@contoso.com", "ann@contoso.com"};
    static const char *const other[] = {"gus@contoso.com"};
    struct directory_question question = {
        .tenant = &contoso, .addresses = some, .address_count = 2};
    bool was_remembered;
    const struct directory_person *person = ask(&question, &was_remembered)->person;
    question.addresses = same; /* in whatever order */
    assert_ptr_equal(ask(&question, &was_remembered)->person, person);
    assert_true(was_remembered);
    struct tenant_view without = contoso;
    without.domain_count = 0;
    struct directory_question lost = {.tenant = &without, .addresses = same, .address_count = 2};
    assert_int_equal(ask(&lost, &was_remembered)->person->group_count, 0);
    assert_false(was_remembered);
    struct directory_question another = {
        .tenant = &contoso, .addresses = other, .address_count = 1};
    (void)ask(&another, &was_remembered);
    (void)ask(&another, &was_remembered);
    assert_true(was_remembered);
    /* Somebody elsewhere changes the directory; the gate says so; then one who is read anew
     * tells the epoch, and all others that were remembered count no more either. */
    assert_int_equal(add_member("g3@contoso.com", "new@contoso.com")->by.op.err.reason, R_NONE);
    (void)ask(&question, &was_remembered);
    assert_true(was_remembered); /* not known yet: the gate's matter */
    directories_drop(directories, directories_scope(CONTOSO));
    assert_int_not_equal(ask(&question, &was_remembered)->person->epoch, person->epoch);
    assert_false(was_remembered);
    (void)ask(&another, &was_remembered);
    assert_false(was_remembered);
}

static void the_gate_knows_the_directorys_epoch(void **state)
{
    (void)state;
    static const char *const addresses[] = {"ann@contoso.com"};
    struct directory_question question = {
        .tenant = &contoso, .addresses = addresses, .address_count = 1};
    bool was_remembered;
    directories_drop(directories, directories_scope(CONTOSO));
    const struct directory_person *person = ask(&question, &was_remembered)->person;
    struct amendments *amendments = amendments_new(10);
    struct gate *gate = gate_new(f.loop, f.store, amendments);
    struct gate_entry entry = {
        .tenant = CONTOSO,
        .operation = "test",
        .who = WHO,
        .rights = "",
        .arena = f.arena,
        .scopes = {{.scope = directories_scope(CONTOSO), .epoch = person->epoch},
                   {.scope = TENANT_PLATFORM.u}},
        .scope_count = 2,
        .done = entry_done};
    gate_submit(gate, &entry);
    wait_all(1);
    assert_int_equal(entry.verdict, GATE_RECORDED);
    struct change *change = begin_change();
    const char *member = "a@contoso.com";
    directory_store_remove_members(
        &change->by,
        &(struct directory_members){.group = "g1@contoso.com", .members = &member, .count = 1});
    wait_all(1);
    assert_int_equal(change->is.changed, 1);
    gate_submit(gate, &entry);
    wait_all(1);
    assert_int_equal(entry.verdict, GATE_STALE);
    assert_true(entry.scopes[0].is_stale);
    assert_false(entry.scopes[1].is_stale); /* so nothing of it is forgotten */
    /* What fails changes nothing, so it raises no epoch. */
    directories_drop(directories, directories_scope(CONTOSO));
    int64_t epoch = ask(&question, &was_remembered)->person->epoch;
    assert_int_equal(put_group("ann@contoso.com", ""), R_ALREADY_EXISTS);
    directories_drop(directories, directories_scope(CONTOSO));
    assert_int_equal(ask(&question, &was_remembered)->person->epoch, epoch);
    gate_free(gate);
    amendments_free(amendments);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(users_are_put_found_and_replaced),
        cmocka_unit_test(what_is_taken_is_named),
        cmocka_unit_test(aliases_move_within_a_part),
        cmocka_unit_test(circles_are_refused_whole),
        cmocka_unit_test(groups_have_aliases_and_are_renamed),
        cmocka_unit_test(a_person_is_found_with_aliases_and_nested_groups),
        cmocka_unit_test(a_person_is_in_a_group_by_all_of_its_addresses),
        cmocka_unit_test(groups_of_tokens_are_addresses_or_external_ids),
        cmocka_unit_test(what_is_remembered_ends_with_the_next_change),
        cmocka_unit_test(the_gate_knows_the_directorys_epoch),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
