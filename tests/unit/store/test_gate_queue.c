/* SPDX-License-Identifier: Apache-2.0 */
/* The gate's queue and its answers, where PostgreSQL would have to be broken to see them:
 * batches that fail, a queue that is full, answers that make no sense. */
#include "fake_pg.h"

#include "store/gate/gate.h"

static struct loop *loop;
static struct fake_pg *fake;
static struct arena *arena;
static struct amendments *amendments;
static struct gate *gate;
static int pending;

static int set_up(void **state)
{
    (void)state;
    loop = loop_new();
    arena = arena_new(16 << 20);
    fake = fake_pg_new(loop);
    amendments = amendments_new(10);
    gate = gate_new(loop, fake_pg_store(fake), amendments);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_pg_free(fake);
    gate_free(gate);
    amendments_free(amendments);
    arena_free(arena);
    loop_free(loop);
    return 0;
}

static void done(struct gate_entry *entry)
{
    (void)entry;
    if (--pending == 0) {
        loop_stop(loop);
    }
}

static struct gate_entry *submit_of(struct uuid party)
{
    struct gate_entry *entry = ARENA_NEW(arena, struct gate_entry);
    *entry = (struct gate_entry){.operation = "test",
                                 .party = party,
                                 .who = {.addresses = "",
                                         .user = "",
                                         .component_name = "",
                                         .client_address = "",
                                         .user_agent = "",
                                         .correlation_id = ""},
                                 .rights = "",
                                 .scopes = {{.scope = {{1}}, .epoch = 5}},
                                 .scope_count = 1,
                                 .arena = arena,
                                 .done = done};
    gate_submit(gate, entry);
    return entry;
}

static struct gate_entry *submit(void)
{
    return submit_of((struct uuid){{0}});
}

static void wait_all(int count)
{
    pending = count;
    loop_run(loop);
}

/* The answer to a batch of so many entries: all recorded, but for one. */
static void answer(size_t count, size_t odd, enum gate_verdict verdict,
                   const struct sql_gate_difference *difference)
{
    struct sql_gate_row *rows = ARENA_ARRAY(arena, struct sql_gate_row, count);
    struct sql_gate_difference *differences = ARENA_ARRAY(arena, struct sql_gate_difference, count);
    for (size_t i = 0; i < count; i++) {
        rows[i] = (struct sql_gate_row){.n = (int64_t)i + 1,
                                        .verdict = i == odd ? (int32_t)verdict : GATE_RECORDED};
        if (i == odd && difference != NULL) {
            differences[i] = *difference;
        }
    }
    fake_pg_answer(
        fake, "gate",
        &(struct fake_pg_rows){
            .count = count, .parts = {{rows, sizeof *rows}, {differences, sizeof *differences}}});
}

static void answer_recorded(size_t count)
{
    answer(count, count, GATE_RECORDED, NULL);
}

static void what_comes_in_one_turn_shares_a_statement(void **state)
{
    (void)state;
    struct gate_entry *entries[3] = {submit(), submit(), submit()};
    answer(3, 1, GATE_STALE,
           &(struct sql_gate_difference){.stale = "01000000-0000-0000-0000-000000000000=5 "});
    wait_all(3);
    assert_string_equal(fake_pg_sent(fake), "gate |");
    assert_int_equal(entries[0]->verdict, GATE_RECORDED);
    assert_false(entries[0]->scopes[0].is_stale);
    assert_int_equal(entries[1]->verdict, GATE_STALE);
    assert_true(entries[1]->scopes[0].is_stale);
}

static void data_at_fault_splits_the_batch(void **state)
{
    (void)state;
    struct gate_entry *entries[3] = {submit(), submit(), submit()};
    fake_pg_fail(fake, "gate", "22021");
    answer_recorded(1);
    fake_pg_fail(fake, "gate", "22021");
    answer_recorded(1);
    wait_all(3);
    assert_string_equal(fake_pg_sent(fake), "gate | gate | gate | gate |");
    assert_int_equal(entries[0]->err.reason, R_NONE);
    assert_int_equal(entries[1]->err.reason, R_DATABASE_ERROR);
    assert_int_equal(entries[2]->err.reason, R_NONE);
}

/* A deadlock or a lock that is held for long: nobody says which entry is in the way. */
static void a_conflict_splits_the_batch_and_is_tried_again(void **state)
{
    (void)state;
    struct gate_entry *entries[3] = {submit(), submit(), submit()};
    fake_pg_fail(fake, "gate", "40P01");
    answer_recorded(1);
    fake_pg_fail(fake, "gate", "55P03");
    answer_recorded(1);
    answer_recorded(1); /* the second one, once more */
    wait_all(3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(entries[i]->err.reason, R_NONE);
    }
    entries[0] = submit();
    fake_pg_fail(fake, "gate", "40001");
    fake_pg_fail(fake, "gate", "40P01");
    fake_pg_fail(fake, "gate", "40P01");
    wait_all(1);
    assert_int_equal(entries[0]->err.reason, R_DATABASE_CONFLICT);
}

/* Nobody knows what was recorded, so nothing is sent again. */
static void a_lost_connection_leaves_all_unknown(void **state)
{
    (void)state;
    struct gate_entry *entries[2] = {submit(), submit()};
    fake_pg_fail(fake, "gate", "lost");
    wait_all(2);
    assert_string_equal(fake_pg_sent(fake), "gate |");
    assert_int_equal(entries[0]->err.reason, R_OUTCOME_UNKNOWN);
    assert_int_equal(entries[1]->err.reason, R_OUTCOME_UNKNOWN);
}

/* It goes again with what its seal says, once. */
static void lost_content_is_asked_for_with_its_row(void **state)
{
    (void)state;
    static const struct gate_content sealed = {
        .owner = "a", .issuer = "b", .display_name = "c", .protected_at = 1};
    struct gate_entry *entries[2] = {submit(), submit()};
    struct event_id event = entries[1]->event;
    entries[1]->sealed = &sealed;
    answer(2, 1, GATE_CONTENT_LOST, NULL);
    answer_recorded(1);
    wait_all(2);
    assert_string_equal(fake_pg_sent(fake), "gate | gate |");
    assert_int_equal(entries[0]->verdict, GATE_RECORDED);
    assert_int_equal(entries[1]->verdict, GATE_RECORDED);
    assert_true(ID_EQ(entries[1]->event, event));
}

static void a_request_id_that_exists_by_now_is_decided_again(void **state)
{
    (void)state;
    struct gate_entry *entry = submit();
    fake_pg_fail(fake, "gate", "23505");
    wait_all(1);
    assert_int_equal(entry->err.reason, R_NONE);
    assert_int_equal(entry->verdict, GATE_STALE);
    assert_false(entry->scopes[0].is_stale);
}

static void content_that_was_made_already_comes_with_its_hash(void **state)
{
    (void)state;
    static const uint8_t hash[32] = {1, 2, 3};
    struct sql_gate_difference made = {.made_content = {{{9}}},
                                       .made_hash = {hash, 32},
                                       .made_key_version = 3,
                                       .made_at = 5,
                                       .now = 8};
    struct gate_entry *entry = submit();
    answer(1, 0, GATE_ALREADY, &made);
    wait_all(1);
    assert_int_equal(entry->verdict, GATE_ALREADY);
    assert_int_equal(entry->made.content.u.b[0], 9);
    assert_memory_equal(entry->made.request_hash, hash, 32);
    assert_int_equal(entry->made.key_version, 3);
    assert_int_equal(entry->made.now - entry->made.made_at, 3);
    made.made_hash.len = 5; /* of no length that a hash has */
    entry = submit();
    answer(1, 0, GATE_ALREADY, &made);
    wait_all(1);
    assert_int_equal(entry->made.request_hash[0], 0);
}

/* The batch is committed, so it is not sent again; whose row it is hears of it. */
static void an_answer_that_makes_no_sense_is_one_entrys_error(void **state)
{
    (void)state;
    struct gate_entry *entries[2] = {submit(), submit()};
    answer(2, 1, (enum gate_verdict)7, NULL);
    wait_all(2);
    assert_int_equal(entries[0]->err.reason, R_NONE);
    assert_int_equal(entries[1]->err.reason, R_DATABASE_ERROR);
    entries[0] = submit();
    FAKE_PG_ROWS(fake, gate, {.n = 2, .verdict = GATE_RECORDED});
    wait_all(1);
    assert_int_equal(entries[0]->err.reason, R_DATABASE_ERROR);
    assert_string_equal(fake_pg_sent(fake), "gate | gate |");
}

static void a_full_queue_refuses_the_newest(void **state)
{
    (void)state;
    enum { BATCHES = 4, MORE = 10 };
    size_t count = BATCHES * GATE_BATCH_MAX + GATE_WAITING_MAX + MORE;
    struct gate_entry **entries = ARENA_ARRAY(arena, struct gate_entry *, count);
    for (size_t i = 0; i < count; i++) {
        entries[i] = submit();
    }
    for (size_t i = 0; i < (count - MORE) / GATE_BATCH_MAX; i++) {
        answer_recorded(GATE_BATCH_MAX);
    }
    wait_all((int)count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(entries[i]->err.reason, i < count - MORE ? R_NONE : R_OVERLOADED);
    }
}

static void stop_loop(struct loop_task *task)
{
    (void)task;
    loop_stop(loop);
}

static size_t batches_sent(void)
{
    size_t count = 0;
    for (const char *p = fake_pg_sent(fake); *p != '\0'; p++) {
        count += *p == '|';
    }
    return count;
}

/* How many batches are on their way after a turn, of which nothing comes back. */
static size_t after_a_turn(void)
{
    struct loop_task task;
    loop_task_init(&task, stop_loop);
    loop_defer(loop, &task);
    loop_run(loop);
    return batches_sent();
}

enum { CROWDED = 4 /* batches */ };

static void fill_all_batches(void)
{
    fake_pg_hold(fake);
    for (size_t i = 0; i < CROWDED * GATE_BATCH_MAX + 1; i++) {
        (void)submit();
    }
    assert_int_equal(after_a_turn(), CROWDED);
    for (size_t i = 0; i < CROWDED; i++) {
        answer_recorded(GATE_BATCH_MAX);
    }
}

static void whoever_has_nothing_on_its_way_waits_for_no_batch(void **state)
{
    (void)state;
    static const struct uuid quiet = {{1}}, other = {{2}};
    fill_all_batches();
    (void)submit_of(quiet);
    (void)submit_of(quiet);
    (void)submit_of(other);
    assert_int_equal(after_a_turn(), CROWDED + 1);
    answer_recorded(2); /* one of each; the second of the quiet one waits with the loud one's */
    assert_int_equal(after_a_turn(), CROWDED + 1);
    answer_recorded(2);
    fake_pg_go_on(fake);
    wait_all(CROWDED * GATE_BATCH_MAX + 4);
    assert_int_equal(batches_sent(), CROWDED + 2);
}

/* So that one of the two connections is free for those. */
static void in_a_crowd_half_as_many_batches_are_on_their_way(void **state)
{
    (void)state;
    static const struct uuid quiet = {{1}};
    fill_all_batches();
    (void)submit_of(quiet);
    assert_int_equal(after_a_turn(), CROWDED + 1);
    answer_recorded(1);
    answer_recorded(1);
    fake_pg_go_on(fake);
    wait_all(CROWDED * GATE_BATCH_MAX + 2);
    fake_pg_hold(fake);
    for (size_t i = 0; i < 3 * GATE_BATCH_MAX; i++) {
        (void)submit();
    }
    assert_int_equal(after_a_turn(), CROWDED + 2 + CROWDED / 2);
    for (size_t i = 0; i < 3; i++) {
        answer_recorded(GATE_BATCH_MAX);
    }
    fake_pg_go_on(fake);
    wait_all(3 * GATE_BATCH_MAX);
}

static void who_canceled_has_nothing_on_its_way(void **state)
{
    (void)state;
    static const struct uuid quiet = {{1}};
    fill_all_batches();
    struct gate_entry *first = submit_of(quiet);
    assert_int_equal(after_a_turn(), CROWDED + 1);
    gate_cancel(gate, first);
    (void)submit_of(quiet);
    assert_int_equal(after_a_turn(), CROWDED + 2);
    answer_recorded(1);
    answer_recorded(1);
    answer_recorded(1);
    fake_pg_go_on(fake);
    wait_all(CROWDED * GATE_BATCH_MAX + 2);
}

static struct gate_entry *to_cancel;

static void cancel_it(struct loop_task *task)
{
    (void)task;
    gate_cancel(gate, to_cancel);
}

/* Cancel the entry when it is in a batch that was sent. */
static void cancel_when_sent(struct gate_entry *entry, struct loop_task *task)
{
    to_cancel = entry;
    loop_task_init(task, cancel_it);
    loop_defer_to_turn_end(loop, task); /* behind the gate's own */
}

static void canceled_entries_leave_their_place(void **state)
{
    (void)state;
    struct loop_task task;
    struct gate_entry *waiting = submit(), *sent = submit(), *other = submit();
    gate_cancel(gate, waiting);
    cancel_when_sent(sent, &task);
    answer_recorded(2);
    wait_all(1);
    assert_int_equal(pending, 0);
    assert_int_equal(other->verdict, GATE_RECORDED);
    sent = submit();
    other = submit();
    cancel_when_sent(sent, &task);
    fake_pg_fail(fake, "gate", "22021");
    answer_recorded(1); /* of the other one; nobody asks for the canceled one again */
    wait_all(1);
    assert_int_equal(other->err.reason, R_NONE);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_comes_in_one_turn_shares_a_statement, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(data_at_fault_splits_the_batch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_conflict_splits_the_batch_and_is_tried_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_lost_connection_leaves_all_unknown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lost_content_is_asked_for_with_its_row, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_request_id_that_exists_by_now_is_decided_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(content_that_was_made_already_comes_with_its_hash, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_answer_that_makes_no_sense_is_one_entrys_error, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_full_queue_refuses_the_newest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(whoever_has_nothing_on_its_way_waits_for_no_batch, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(in_a_crowd_half_as_many_batches_are_on_their_way, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_canceled_has_nothing_on_its_way, set_up, tear_down),
        cmocka_unit_test_setup_teardown(canceled_entries_leave_their_place, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
