/* SPDX-License-Identifier: Apache-2.0 */
/* Several operations that are one transaction: what comes after reads what came before, nobody else does before the commit,
 * and without one there was nothing. */
#include "store_fixture.h"

#include "store/cache/views.h"
#include "store/pg/pg_transaction.h"
#include "store/resource/template_store.h"

static struct views *views;
static uint8_t last_id = 40;

static struct template_id new_id(void)
{
    return (struct template_id){{{++last_id}}};
}

/* --- operations, within a transaction or by themselves ------------------------------------------ */

static enum reason create(struct store_transaction *t, struct template_id id)
{
    static const char *const en[] = {"en"}, *const name[] = {"T"};
    struct template_row row = {.id = id,
                               .offline_days = -1,
                               .referral_contact = "",
                               .name_languages = en,
                               .name_texts = name,
                               .name_count = 1};
    struct change_op *op = change(CONTOSO);
    op->op.transaction = t;
    template_store_create(op, &row);
    return wait_for(&op->op);
}

/* How many templates there are by a list, and by the tenant's view. */
static size_t listed(struct store_transaction *t)
{
    struct change_op *op = change(CONTOSO);
    op->op.transaction = t;
    template_store_list(op, (struct template_id){{{0}}}, (struct template_id){{{0}}}, 100);
    return wait_for(&op->op) == R_NONE ? op->template_count : SIZE_MAX;
}

static size_t viewed(struct store_transaction *t)
{
    struct view_load load;
    prepare(&load.op);
    load.op.transaction = t;
    views_load_tenant(views, &load, CONTOSO);
    assert_int_equal(wait_for(&load.op), R_NONE);
    return load.found_tenant->view.template_count;
}

static struct store_transaction *begun(void)
{
    struct store_op *op = ARENA_NEW(f.arena, struct store_op);
    struct store_transaction *t = store_transaction_new(f.store, (struct uuid){{0}});
    prepare(op);
    store_transaction_begin(t, op);
    assert_int_equal(wait_for(op), R_NONE);
    return t;
}

static enum reason commit(struct store_transaction *t)
{
    struct store_op *op = ARENA_NEW(f.arena, struct store_op);
    prepare(op);
    store_transaction_commit(t, op);
    return wait_for(op);
}

/* --- tests -------------------------------------------------------------------------------------- */

static void nobody_else_sees_it_before_the_commit(void **state)
{
    (void)state;
    struct store_transaction *t = begun();
    size_t before = listed(NULL);
    assert_int_equal(viewed(NULL), before);
    assert_int_equal(create(t, new_id()), R_NONE);
    assert_int_equal(viewed(t), before + 1);
    assert_int_equal(create(t, new_id()), R_NONE);
    assert_int_equal(listed(t), before + 2);
    assert_int_equal(viewed(t), before + 2);
    assert_int_equal(listed(NULL), before);
    assert_int_equal(viewed(NULL), before);
    assert_int_equal(views_tenant(views, CONTOSO, f.arena)->view.template_count, before);
    assert_int_equal(commit(t), R_NONE);
    store_transaction_free(t);
    assert_int_equal(listed(NULL), before + 2);
    assert_int_equal(viewed(NULL), before + 2);
}

static void without_a_commit_there_was_nothing(void **state)
{
    (void)state;
    size_t before = listed(NULL), records = count_audit("create_template", NULL);
    struct store_transaction *t = begun();
    struct template_id id = new_id();
    assert_int_equal(create(t, id), R_NONE);
    store_transaction_free(t);
    assert_int_equal(listed(NULL), before);
    assert_int_equal(count_audit("create_template", NULL), records);
    assert_int_equal(create(NULL, id), R_NONE); /* and no lock is left */
}

static void a_statement_that_fails_fails_it(void **state)
{
    (void)state;
    size_t before = listed(NULL);
    struct store_transaction *t = begun();
    struct template_id id = new_id();
    assert_int_equal(create(t, id), R_NONE);
    assert_int_equal(create(t, id), R_ALREADY_EXISTS);
    assert_int_equal(create(t, new_id()), R_ALREADY_EXISTS); /* of the one before */
    assert_int_equal(commit(t), R_ALREADY_EXISTS);
    store_transaction_free(t);
    assert_int_equal(listed(NULL), before);
}

/* Whoever goes while something of theirs is on its way leaves nothing, and nothing comes back to them. */
static void it_may_be_left_at_any_time(void **state)
{
    (void)state;
    size_t before = listed(NULL);
    struct view_load load;
    struct store_op op;
    struct store_transaction *t = store_transaction_new(f.store, (struct uuid){{0}});
    prepare(&op);
    store_transaction_begin(t, &op);
    store_op_cancel(&op);
    store_transaction_free(t);

    t = begun();
    assert_int_equal(create(t, new_id()), R_NONE);
    prepare(&load.op);
    load.op.transaction = t;
    views_load_tenant(views, &load, CONTOSO);
    store_op_cancel(&load.op);
    store_transaction_free(t);

    store_transaction_free(store_transaction_new(f.store, (struct uuid){{0}}));
    assert_int_equal(listed(NULL), before);
    t = begun(); /* there are connections for the next ones */
    struct store_transaction *other = begun();
    store_transaction_free(t);
    store_transaction_free(other);
    store_transaction_free(begun());
}

static void a_connection_that_is_lost_takes_it_along(void **state)
{
    (void)state;
    size_t before = listed(NULL);
    struct store_transaction *t = begun();
    assert_int_equal(create(t, new_id()), R_NONE);
    run_sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'");
    assert_int_equal(create(t, new_id()), R_DATABASE_UNAVAILABLE);
    assert_int_equal(commit(t), R_DATABASE_UNAVAILABLE);
    store_transaction_free(t);
    wait_ready();
    assert_int_equal(listed(NULL), before);
}

static int set_up(void **state)
{
    static const char *const all[] = {NULL};
    int result = store_set_up_tenant(state);
    views = views_new(f.store, all, 0);
    return result;
}

static int tear_down(void **state)
{
    arena_reset(f.arena); /* which holds views */
    views_free(views);
    return store_tear_down(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_else_sees_it_before_the_commit),
        cmocka_unit_test(without_a_commit_there_was_nothing),
        cmocka_unit_test(a_statement_that_fails_fails_it),
        cmocka_unit_test(it_may_be_left_at_any_time),
        cmocka_unit_test(a_connection_that_is_lost_takes_it_along),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
