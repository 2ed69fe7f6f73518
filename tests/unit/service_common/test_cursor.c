/* SPDX-License-Identifier: Apache-2.0 */
/* Long lists: every item once and in order, no turn of the loop that is long, no turn without an
 * item. */
#include "toy.h"

#include "service/common/cursor.h"

enum { ITEMS = 20, ITEM_US = 1000, ROOM_MS = 50, ROOMS_MAX = 200 };

static struct cursor cursor;
static size_t items, items_in_turn, turns, most_in_turn;
static size_t fails_at; /* an item; ITEMS: none */
static int64_t item_us;

static void burn(int64_t us)
{
    const struct mono_time began = clock_mono();
    while (clock_mono().ns - began.ns < us * 1000) {
        continue;
    }
}

static step item(struct call *c, size_t index)
{
    assert_int_equal(index, items);
    burn(item_us);
    items++;
    items_in_turn++;
    most_in_turn = items_in_turn > most_in_turn ? items_in_turn : most_in_turn;
    return index == fails_at ? call_fail(c, TOY_FAILURE, "item %zu", index) : STEP_NEXT;
}

static step works(struct call *c)
{
    turns++;
    items_in_turn = 0;
    return cursor_each(c, &cursor, ITEMS, item, works);
}

/* The same in turns that others have used up already. */
static step works_late(struct call *c)
{
    turns++;
    items_in_turn = 0;
    burn(2 * CALL_TURN_MS * 1000);
    return cursor_each(c, &cursor, ITEMS, item, works_late);
}

static step has_nothing(struct call *c)
{
    return cursor_each(c, &cursor, 0, item, has_nothing);
}

static const struct net_stream *ask(step_fn row, int64_t us)
{
    item_us = us;
    cursor = (struct cursor){0};
    items = turns = most_in_turn = 0;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = row;
    const struct net_stream *s = toy_ask(&TOY_FLOW);
    for (int i = 0; i < ROOMS_MAX && s->finishes == 0; i++) {
        toy_run_ms(ROOM_MS);
    }
    return s;
}

static void a_long_list_takes_several_turns(void **state)
{
    (void)state;
    fails_at = ITEMS;
    assert_served(ask(works, ITEM_US));
    assert_int_equal(items, ITEMS);
    assert_int_equal(cursor.next, 0); /* to be used again */
    assert_in_range(turns, ITEMS * ITEM_US / 1000 / (CALL_TURN_MS + 1), ITEMS);
    assert_in_range(most_in_turn, 1, CALL_TURN_MS + 1);
}

static void however_late_it_is_one_item_is_done(void **state)
{
    (void)state;
    fails_at = ITEMS;
    assert_served(ask(works_late, ITEM_US));
    assert_int_equal(items, ITEMS);
    assert_int_equal(most_in_turn, 1);
}

/* Else many small items would each take a turn of a loop that is busy. */
static void however_late_it_is_a_step_gets_its_share(void **state)
{
    (void)state;
    fails_at = ITEMS;
    assert_served(ask(works_late, CURSOR_LEAST_US / 5));
    assert_in_range(most_in_turn, 2, 5);
    assert_in_range(turns, ITEMS / 5, ITEMS / 2);
}

static void the_first_that_fails_ends_it(void **state)
{
    (void)state;
    fails_at = 7;
    assert_refused(ask(works, ITEM_US), TOY_FAILURE);
    assert_int_equal(items, 8);
}

static void an_empty_list_is_done(void **state)
{
    (void)state;
    assert_served(ask(has_nothing, ITEM_US));
    assert_int_equal(items, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, toy_set_up, toy_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_long_list_takes_several_turns),
        TEST(however_late_it_is_one_item_is_done),
        TEST(however_late_it_is_a_step_gets_its_share),
        TEST(the_first_that_fails_ends_it),
        TEST(an_empty_list_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
