/* SPDX-License-Identifier: Apache-2.0 */
/* Who makes a tenant's compiled rules, and what those hear who wait for them. */
#include "chancery_test.h"

#include "loop/loop.h"
#include "store/cache/rule_books.h"

static const struct tenant_id CONTOSO = {{{1}}}, FABRIKAM = {{{2}}};
static struct loop *loop;
static struct rule_books *books;
static int told;
static struct loop_task stop;

static void note(struct store_op *op)
{
    (void)op;
    told++;
}

static void stop_loop(struct loop_task *task)
{
    (void)task;
    loop_stop(loop);
}

/* What was deferred so far. */
static void run(void)
{
    loop_defer(loop, &stop);
    loop_run(loop);
}

static bool claim(struct rule_book_claim *of, struct tenant_id tenant, int64_t epoch)
{
    *of = (struct rule_book_claim){.making = NULL};
    store_op_init(&of->op, NULL, NULL, note, NULL);
    return rule_books_claim(books, tenant, epoch, of);
}

static void one_makes_it_and_all_are_told(void **state)
{
    (void)state;
    struct rule_book_claim first, second, third, other, later;
    assert_true(claim(&first, CONTOSO, 1));
    assert_false(claim(&second, CONTOSO, 1));
    assert_false(claim(&third, CONTOSO, 1));
    assert_true(claim(&other, FABRIKAM, 1));
    assert_true(claim(&later, CONTOSO, 2)); /* what is true later is made by another */
    rule_books_release(&first, NULL);
    assert_int_equal(told, 0); /* never within the step that ends it */
    rule_books_release(&first, NULL);
    run();
    assert_int_equal(told, 2);
    assert_int_equal(second.op.err.reason, R_NONE);
    assert_true(claim(&second, CONTOSO, 1)); /* nothing is remembered, so somebody begins anew */
    rule_books_release(&second, NULL);
    rule_books_release(&other, NULL);
    rule_books_release(&later, NULL);
    run();
    assert_int_equal(told, 2);
}

static void what_it_met_all_hear(void **state)
{
    (void)state;
    struct rule_book_claim first, second;
    const struct err err = {.reason = R_RULES_INVALID};
    assert_true(claim(&first, CONTOSO, 1));
    assert_false(claim(&second, CONTOSO, 1));
    rule_books_release(&first, &err);
    run();
    assert_int_equal(told, 1);
    assert_int_equal(second.op.err.reason, R_RULES_INVALID);
}

static void who_has_gone_is_not_told(void **state)
{
    (void)state;
    struct rule_book_claim first, second, third;
    assert_true(claim(&first, CONTOSO, 1));
    assert_false(claim(&second, CONTOSO, 1));
    assert_false(claim(&third, CONTOSO, 1));
    store_op_cancel(&second.op);
    rule_books_release(&first, NULL);
    store_op_cancel(&third.op); /* between its end and the word of it */
    run();
    assert_int_equal(told, 0);
    assert_true(claim(&first, CONTOSO, 1)); /* and what is on its way ends with the books */
}

static int begin(void **state)
{
    (void)state;
    loop = loop_new();
    books = rule_books_new(loop, 10);
    loop_task_init(&stop, stop_loop);
    told = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    rule_books_free(books);
    loop_free(loop);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_makes_it_and_all_are_told, begin, end),
        cmocka_unit_test_setup_teardown(what_it_met_all_hear, begin, end),
        cmocka_unit_test_setup_teardown(who_has_gone_is_not_told, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
