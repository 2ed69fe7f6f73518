/* SPDX-License-Identifier: Apache-2.0 */
/* Directories against a real PostgreSQL: what may be put, and what a decision learns of somebody. The tests share one database and
 * run in order. */
#include "chancery_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/algs.h"
#include "store/cache/directories.h"
#include "store/gate/gate.h"
#include "store/migrate/migrate.h"
#include "store/resource/directory_store.h"
#include "store/resource/tenant_store.h"

static struct loop *loop;
static struct store *store;
static struct directories *directories;
static struct arena *arena;
static struct err err;

static const struct audit_who who = {.addresses = "",
                                     .user = "",
                                     .component_name = "admin",
                                     .client_address = "127.0.0.1:1",
                                     .user_agent = "test",
                                     .correlation_id = "c1"};
/* clang takes no variable, be it constant, in the initializer of another. */
#define CONTOSO_ID                                                                           \
    {                                                                                        \
        {                                                                                    \
            {                                                                                \
                0x01, 0x97, 0xb7, 0xc0, 0x7e, 0x5c, 0x7c, 0x3e, 0x8f, 0x4e, 1, 2, 3, 4, 5, 6 \
            }                                                                                \
        }                                                                                    \
    }
static const struct tenant_id CONTOSO = CONTOSO_ID;
static const char *const domains[] = {"contoso.com"};
static const struct tenant_view VIEW = {.id = CONTOSO_ID, .domains = domains, .domain_count = 1};

static void op_done(struct store_op *op)
{
    (void)op;
    loop_stop(loop);
}

static void entry_done(struct gate_entry *entry)
{
    (void)entry;
    loop_stop(loop);
}

static void stop_timer(struct loop_timer *timer)
{
    (void)timer;
    loop_stop(loop);
}

static void run_for(int64_t ms)
{
    struct loop_timer timer;
    loop_timer_init(&timer, loop, stop_timer);
    loop_timer_arm(&timer, ms);
    loop_run(loop);
    loop_timer_fini(&timer);
}

static void ignore_report(void *ctx, int version, const char *name)
{
    (void)ctx;
    (void)version;
    (void)name;
}

static int set_up(void **state)
{
    (void)state;
    const char *conninfo = getenv("CHANCERY_TEST_DB");
    if (conninfo == NULL) {
        fprintf(stderr, "CHANCERY_TEST_DB is not set: run me by tests/support/postgres.py\n");
        return -1;
    }
    assert_ok(crypto_init(NULL, &err), &err);
    assert_ok(migrate_apply(conninfo, ignore_report, NULL, &err), &err);
    loop = loop_new();
    store = store_new(loop, &(struct store_config){.conninfo = conninfo});
    directories = directories_new(100);
    arena = arena_new(16 << 20);
    for (int i = 0; i < 100 && !store_is_ready(store); i++) {
        run_for(50);
    }
    struct change_op op = {.scope = TENANT_PLATFORM, .who = who};
    struct tenant_row tenant = {.id = CONTOSO,
                                .name = "contoso",
                                .display_name = "Contoso",
                                .boundary = "commercial",
                                .license_cap_days = 30};
    store_op_init(&op.op, store, arena, op_done, NULL);
    tenant_store_create(&op, &tenant, SUITE_P256, NULL, 0);
    loop_run(loop);
    assert_int_equal(op.op.err.reason, R_NONE);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_free(store);
    directories_free(directories);
    arena_free(arena);
    loop_free(loop);
    crypto_fini();
    return 0;
}

/* --- changing ---------------------------------------------------------------------------------- */

static struct directory_op *begin(void)
{
    struct directory_op *op = ARENA_NEW(arena, struct directory_op);
    store_op_init(&op->op, store, arena, op_done, NULL);
    op->tenant = CONTOSO;
    op->who = who;
    return op;
}

static struct directory_op *put(struct directory_part part)
{
    struct directory_op *op = begin();
    directory_store_put(op, "test", "target", &part);
    loop_run(loop);
    return op;
}

static enum reason put_user(const char *address, const char *alias, bool is_guest)
{
    const char *aliases[] = {alias};
    struct directory_user user = {address, "Name", aliases, alias != NULL, is_guest};
    return put((struct directory_part){.users = &user, .user_count = 1})->op.err.reason;
}

static enum reason put_group(const char *address, const char *external_id)
{
    struct directory_group group = {address, "Group", external_id};
    return put((struct directory_part){.groups = &group, .group_count = 1})->op.err.reason;
}

static struct directory_op *add_member(const char *group, const char *member)
{
    struct directory_members members = {group, &member, 1};
    return put((struct directory_part){.members = &members, .members_count = 1});
}

static void users_are_put_found_and_replaced(void **state)
{
    (void)state;
    assert_int_equal(put_user("ann@contoso.com", "a@contoso.com", false), R_NONE);
    assert_int_equal(put_user("gus@contoso.com", NULL, true), R_NONE);
    struct directory_op *op = begin();
    directory_store_list(op, DIRECTORY_USER, NULL, "", 10);
    loop_run(loop);
    assert_int_equal(op->user_count, 2);
    assert_string_equal(op->users[0].address, "ann@contoso.com");
    assert_string_equal(op->users[0].aliases[0], "a@contoso.com");
    assert_true(op->users[1].is_guest);
    op = begin();
    directory_store_list(op, DIRECTORY_USER, "a@contoso.com", "", 1);
    loop_run(loop);
    assert_int_equal(op->user_count, 1);
    assert_string_equal(op->users[0].address, "ann@contoso.com");
    op = begin();
    directory_store_list(op, DIRECTORY_USER, NULL, "ann@contoso.com", 10);
    loop_run(loop);
    assert_int_equal(op->user_count, 1);
    assert_string_equal(op->users[0].address, "gus@contoso.com");
}

static void what_is_taken_is_named(void **state)
{
    (void)state;
    const char *aliases[] = {"free@contoso.com", "a@contoso.com"};
    struct directory_user user = {"bob@contoso.com", "Bob", aliases, 2, false};
    struct directory_op *op = put((struct directory_part){.users = &user, .user_count = 1});
    assert_int_equal(op->op.err.reason, R_ALREADY_EXISTS);
    assert_string_equal(op->what, "a@contoso.com");
    assert_string_equal(op->holder, "ann@contoso.com");
    assert_int_equal(put_group("ann@contoso.com", ""), R_ALREADY_EXISTS);
    assert_int_equal(put_group("one@contoso.com", "id-1"), R_NONE);
    struct directory_group group = {"two@contoso.com", "", "id-1"};
    op = put((struct directory_part){.groups = &group, .group_count = 1});
    assert_int_equal(op->op.err.reason, R_ALREADY_EXISTS);
    assert_true(op->is_external_id);
    assert_string_equal(op->holder, "one@contoso.com");
    struct directory_user twice[] = {user, user};
    twice[0].alias_count = twice[1].alias_count = 0;
    op = put((struct directory_part){.users = twice, .user_count = 2});
    assert_int_equal(op->op.err.reason, R_FIELD_INVALID);
    assert_string_equal(op->what, "bob@contoso.com");
    op = begin();
    directory_store_delete(op, DIRECTORY_USER, "one@contoso.com"); /* a group */
    loop_run(loop);
    assert_int_equal(op->op.err.reason, R_NOT_FOUND);
    op = begin();
    directory_store_delete(op, DIRECTORY_GROUP, "one@contoso.com");
    loop_run(loop);
    assert_int_equal(op->op.err.reason, R_NONE);
}

/* What is put together may exchange names, whatever the order. */
static void aliases_move_within_a_part(void **state)
{
    (void)state;
    const char *x[] = {"x@contoso.com"}, *y[] = {"y@contoso.com"};
    struct directory_user users[] = {{"p@contoso.com", "", x, 1, false},
                                     {"q@contoso.com", "", y, 1, false}};
    struct directory_part part = {.users = users, .user_count = 2, .import_id = {{9}}};
    assert_int_equal(put(part)->op.err.reason, R_NONE);
    users[0].aliases = y;
    users[1].aliases = x;
    struct directory_op *op = put(part);
    assert_int_equal(op->op.err.reason, R_NONE);
    assert_int_equal(op->import_users, 4);
    op = begin();
    directory_store_list(op, DIRECTORY_USER, "x@contoso.com", "", 1);
    loop_run(loop);
    assert_string_equal(op->users[0].address, "q@contoso.com");
}

static void circles_are_refused_whole(void **state)
{
    (void)state;
    assert_int_equal(put_group("g1@contoso.com", "id-g1"), R_NONE);
    assert_int_equal(put_group("g2@contoso.com", ""), R_NONE);
    assert_int_equal(put_group("g3@contoso.com", ""), R_NONE);
    assert_int_equal(add_member("g2@contoso.com", "g1@contoso.com")->changed, 1);
    assert_int_equal(add_member("g2@contoso.com", "g1@contoso.com")->changed, 0);
    assert_int_equal(add_member("g3@contoso.com", "g2@contoso.com")->op.err.reason, R_NONE);
    const char *members[] = {"ann@contoso.com", "g3@contoso.com"};
    struct directory_members circle = {"g1@contoso.com", members, 2};
    struct directory_op *op = put((struct directory_part){.members = &circle, .members_count = 1});
    assert_int_equal(op->op.err.reason, R_GROUP_CYCLE);
    assert_string_equal(op->what, "g1@contoso.com");
    op = begin();
    directory_store_list_members(op, "g1@contoso.com", "", 10);
    loop_run(loop);
    assert_int_equal(op->address_count, 0);
    op = add_member("none@contoso.com", "ann@contoso.com");
    assert_int_equal(op->op.err.reason, R_NOT_FOUND);
    assert_string_equal(op->what, "none@contoso.com");
}

/* --- finding ----------------------------------------------------------------------------------- */

static struct directory_find *ask(const struct directory_question *question, bool *was_remembered)
{
    struct directory_find *find = ARENA_NEW(arena, struct directory_find);
    store_op_init(&find->op, store, arena, op_done, NULL);
    *was_remembered = directories_remembered(directories, find, question);
    if (!*was_remembered) {
        directories_ask(directories, find, question);
        loop_run(loop);
        assert_int_equal(find->op.err.reason, R_NONE);
    }
    return find;
}

static void a_person_is_found_with_aliases_and_nested_groups(void **state)
{
    (void)state;
    static const char *const addresses[] = {"ann@contoso.com"};
    struct directory_question question = {&VIEW, addresses, 1, NULL, 0};
    bool was_remembered;
    assert_int_equal(add_member("g1@contoso.com", "a@contoso.com")->op.err.reason, R_NONE);
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

static void groups_of_tokens_are_addresses_or_external_ids(void **state)
{
    (void)state;
    static const char *const addresses[] = {"no@contoso.com"};
    static const char *const by_id[] = {"id-g1", "ann@contoso.com"}, *const by_address[] = {
                                                                         "g2@contoso.com"};
    struct directory_question question = {&VIEW, addresses, 1, by_id, 2};
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
    struct directory_question question = {&VIEW, some, 2, NULL, 0};
    bool was_remembered;
    const struct directory_person *person = ask(&question, &was_remembered)->person;
    question.addresses = same; /* in whatever order */
    assert_ptr_equal(ask(&question, &was_remembered)->person, person);
    assert_true(was_remembered);
    struct tenant_view without = VIEW;
    without.domain_count = 0;
    struct directory_question lost = {&without, same, 2, NULL, 0};
    assert_int_equal(ask(&lost, &was_remembered)->person->group_count, 0);
    assert_false(was_remembered);
    struct directory_question another = {&VIEW, other, 1, NULL, 0};
    (void)ask(&another, &was_remembered);
    (void)ask(&another, &was_remembered);
    assert_true(was_remembered);
    /* Somebody elsewhere changes the directory; the gate says so; then one who is read anew tells the epoch, and all others that were
     * remembered count no more either. */
    assert_int_equal(add_member("g3@contoso.com", "new@contoso.com")->op.err.reason, R_NONE);
    (void)ask(&question, &was_remembered);
    assert_true(was_remembered); /* not known yet: the gate's matter */
    directories_drop(directories, directories_scope(CONTOSO));
    assert_int_equal(ask(&question, &was_remembered)->person->epoch, person->epoch + 1);
    assert_false(was_remembered);
    (void)ask(&another, &was_remembered);
    assert_false(was_remembered);
}

static void the_gate_knows_the_directorys_epoch(void **state)
{
    (void)state;
    static const char *const addresses[] = {"ann@contoso.com"};
    struct directory_question question = {&VIEW, addresses, 1, NULL, 0};
    bool was_remembered;
    directories_drop(directories, directories_scope(CONTOSO));
    const struct directory_person *person = ask(&question, &was_remembered)->person;
    struct amendments *amendments = amendments_new(10);
    struct gate *gate = gate_new(loop, store, amendments);
    struct gate_entry entry = {.tenant = CONTOSO,
                               .operation = "test",
                               .who = who,
                               .rights = "",
                               .scopes = {{directories_scope(CONTOSO), person->epoch, false},
                                          {TENANT_PLATFORM.u, 0, false}},
                               .scope_count = 2,
                               .done = entry_done};
    gate_submit(gate, &entry);
    loop_run(loop);
    assert_int_equal(entry.verdict, GATE_RECORDED);
    struct directory_op *op = begin();
    const char *member = "a@contoso.com";
    directory_store_remove_members(op, &(struct directory_members){"g1@contoso.com", &member, 1});
    loop_run(loop);
    assert_int_equal(op->changed, 1);
    gate_submit(gate, &entry);
    loop_run(loop);
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
        cmocka_unit_test(a_person_is_found_with_aliases_and_nested_groups),
        cmocka_unit_test(groups_of_tokens_are_addresses_or_external_ids),
        cmocka_unit_test(what_is_remembered_ends_with_the_next_change),
        cmocka_unit_test(the_gate_knows_the_directorys_epoch),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
