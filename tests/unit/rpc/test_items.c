/* SPDX-License-Identifier: Apache-2.0 */
/* Batches: items are calls with the flow of the single method; they meet before what they do together; what is
 * wrong with one is no other's; and when their client goes they end as calls do. */
#include "toy.h"

#include "chancery/v1/publishing.pb-c.h"

/* --- a batch of the toy's cached flow ----------------------------------------------------------- */

enum { ITEMS_AT_MOST = 4 };

/* What came of the items of the batch that was answered last: '.' served, else the first letter of the reason. */
static char outcomes[ITEMS_AT_MOST + 1];
static size_t submitted, completed, canceled;
static bool is_one_slow, is_one_refused;
static struct call *sent_back;

/* What items begin together. */
struct entry {
    struct call *call;
    bool is_pending;
    struct loop_task task;
};
static struct entry entries[64];
static size_t entry_count;

static void entry_over(struct loop_task *task)
{
    struct entry *entry = LIST_ENTRY(task, struct entry, task);
    entry->is_pending = false;
    completed++;
    call_resume(entry->call);
}

static void submit(void *op)
{
    struct entry *entry = op;
    entry->is_pending = true;
    submitted++;
    toy_tell("submit");
}

static void cancel(void *op)
{
    struct entry *entry = op;
    assert_true(entry->is_pending); /* what was not begun is not canceled */
    entry->is_pending = false;
    canceled++;
}

static step told(struct call *c)
{
    if (sent_back == c) {
        sent_back = NULL;
        return call_again_from(c, TOY_CACHED.steps[1].run);
    }
    call_note_verified(c);
    return STEP_NEXT;
}

static step meets(struct call *c)
{
    assert_true(entry_count < sizeof entries / sizeof entries[0]);
    struct entry *entry = &entries[entry_count++];
    *entry = (struct entry){.call = c};
    loop_task_init(&entry->task, entry_over);
    return call_wait_together(c, submit, told, cancel, entry);
}

static void complete_entries(void)
{
    for (size_t i = 0; i < entry_count; i++) {
        if (entries[i].is_pending) {
            loop_defer(toy.loop, &entries[i].task);
        }
    }
    toy_settle();
    toy_run_ms(1); /* the answer has a turn of its own */
    toy_settle();  /* and so has each item's end */
}

static step refused_is_recorded(struct call *c)
{
    return meets(c);
}

static step first_row(struct call *c)
{
    const Chancery__V1__ProtectRequest *request = call_request(c);
    assert_string_equal(((struct toy_caller *)call_caller(c))->name, "al");
    assert_int_equal(((struct toy_state *)call_state(c))->visits++, 0); /* a state of its own */
    if (is_one_slow && strcmp(request->owner, "b") == 0) {
        return toy_wait(c, toy_next);
    }
    return is_one_refused && strcmp(request->owner, "b") == 0 ? toy_refuses(c) : STEP_NEXT;
}

static step knows(struct call *c)
{
    snprintf(((struct toy_caller *)call_caller(c))->name, 16, "al");
    return STEP_NEXT;
}

static step reply(struct call *c)
{
    for (size_t i = 0; i < call_item_count(c); i++) {
        struct call_outcome outcome = call_item_outcome(c, i);
        outcomes[i] = '.';
        if (outcome.reply == NULL) {
            outcomes[i] = reason_info(outcome.reason)->name[0];
        } else {
            assert_ptr_equal(outcome.reply->descriptor,
                             &chancery__v1__protect_response__descriptor);
        }
        outcomes[i + 1] = '\0';
    }
    return toy_reply(c);
}

static const struct flow batch = {
    .method = "/chancery.v1.PublishingService/BatchProtect",
    .name = "toy_batch",
    .trust = TRUST_CACHES,
    .steps = {ITEMS("items"), STEP("reply", reply)},
    .item = &TOY_CACHED,
    .items_max = ITEMS_AT_MOST,
};

/* ProtectRequests of the owners a, b and c: field 7. */
static const char THREE[] = "\x0a\x03\x3a\x01"
                            "a\x0a\x03\x3a\x01"
                            "b\x0a\x03\x3a\x01"
                            "c";

static struct net_stream *ask_bytes(const char *bytes, size_t len)
{
    struct net_stream *s = toy_open(&batch);
    fake_net_message(s, slice_of(bytes, len));
    fake_net_end(s);
    toy_settle();
    return s;
}

static struct net_stream *ask(void)
{
    return ask_bytes(THREE, sizeof THREE - 1);
}

struct arena *__real_arena_new(size_t budget);
struct arena *__wrap_arena_new(size_t budget);
static size_t fail_at; /* the n-th allocation of each arena; 0: none */

struct arena *__wrap_arena_new(size_t budget)
{
    struct arena *arena = __real_arena_new(budget);
    arena_fail_at(arena, fail_at);
    return arena;
}

static int set_up(void **state)
{
    int failed = toy_set_up(state);
    toy_serve(&batch);
    toy_serve(&TOY_CACHED);
    submitted = completed = canceled = entry_count = fail_at = 0;
    is_one_slow = is_one_refused = false;
    sent_back = NULL;
    outcomes[0] = '\0';
    toy.on[A3] = knows;
    toy.on[F1] = first_row;
    toy.on[F3] = meets;
    toy.on[FLOW_RECORDER] = refused_is_recorded;
    return failed;
}

static int tear_down(void **state)
{
    complete_entries();
    return toy_tear_down(state);
}

/* --- meeting ------------------------------------------------------------------------------------ */

static void they_begin_together_when_the_last_has_come(void **state)
{
    (void)state;
    is_one_slow = true;
    struct net_stream *s = ask();
    assert_int_equal(submitted, 0);
    toy_complete();
    assert_story("a1 a2 a3 f1 f2 f3 f1 f1 f2 f3 then f2 f3 submit submit submit");
    complete_entries();
    assert_served(s);
    assert_string_equal(outcomes, "...");
    assert_story("f4 f4 f4");
    assert_int_equal(rpc_calls_active(toy.rpc), 0);
}

static void by_itself_nobody_waits(void **state)
{
    (void)state;
    toy.on[F1] = NULL;
    struct net_stream *s = toy_ask(&TOY_CACHED);
    assert_int_equal(submitted, 1);
    complete_entries();
    assert_served(s);
}

static void a_refusal_is_recorded_with_the_others(void **state)
{
    (void)state;
    is_one_refused = true;
    struct net_stream *s = ask();
    assert_story("a1 a2 a3 f1 f2 f3 f1 recorder f1 f2 f3 submit submit submit");
    complete_entries();
    assert_served(s);
    assert_string_equal(outcomes, ".T.");
}

/* It comes to the next meeting alone, for the others have ended by then. */
static void who_is_sent_back_meets_those_who_are_too(void **state)
{
    (void)state;
    struct net_stream *s = ask();
    sent_back = entries[1].call;
    complete_entries();
    assert_int_equal(submitted, 4);
    assert_story("a1 a2 a3 f1 f2 f3 f1 f2 f3 f1 f2 f3 submit submit submit f4 f2 f3 f4 submit");
    assert_unanswered(s);
    complete_entries();
    assert_served(s);
    assert_string_equal(outcomes, "...");
}

/* --- what comes --------------------------------------------------------------------------------- */

static void what_is_no_message_refuses_itself(void **state)
{
    (void)state;
    static const char bytes[] = "\x0a\x03\x3a\x01"
                                "a\x0a\x01\xff\x0a\x03\x3a\x01\x01";
    struct net_stream *s = ask_bytes(bytes, sizeof bytes - 1);
    assert_int_equal(submitted, 1);
    complete_entries();
    assert_served(s);
    assert_string_equal(outcomes, ".PF");
    assert_refused(ask_bytes("\x0a\x05x", 3), R_PROTO_MALFORMED);
}

/* A form that can't be taken apart is unpacked at once, and may not be large. */
static void a_batch_may_come_whole(void **state)
{
    (void)state;
    struct codec whole = CODEC_PROTO;
    whole.split = NULL;
    struct net_stream *s = toy_open(&batch);
    toy_call(s)->codec = &whole;
    toy_settle();
    assert_int_equal(s->message_max, WHOLE_BATCH_MAX);
    fake_net_message(s, slice_of(THREE, sizeof THREE - 1));
    fake_net_end(s);
    toy_settle();
    assert_int_equal(submitted, 3);
    complete_entries();
    assert_served(s);
    assert_string_equal(outcomes, "...");
    s = toy_open(&batch);
    toy_settle();
    assert_int_equal(s->message_max, 4 * 1024 * 1024);
}

static void a_second_message_is_one_too_many(void **state)
{
    (void)state;
    struct net_stream *s = toy_open(&batch);
    fake_net_message(s, slice_of(THREE, sizeof THREE - 1));
    fake_net_message(s, slice_of(THREE, sizeof THREE - 1));
    toy_settle();
    assert_refused(s, R_MESSAGE_COUNT_WRONG);
}

/* --- those who go ------------------------------------------------------------------------------- */

static void gone_before_the_meeting_nothing_is_begun(void **state)
{
    (void)state;
    is_one_slow = true;
    struct net_stream *s = ask();
    fake_net_close(s);
    toy_settle();
    assert_int_equal(submitted, 0);
    assert_int_equal(toy.canceled, 1); /* what the slow one waited for */
    assert_int_equal(rpc_calls_active(toy.rpc), 0);
    assert_logged(s, "\"reason\":\"CANCELLED\"");
}

/* A refusal is a decision: it is recorded though nobody hears of it. */
static void gone_before_the_meeting_refusals_are_recorded(void **state)
{
    (void)state;
    is_one_refused = true;
    toy.on[F2] = toy_waits;
    struct net_stream *s = ask();
    assert_int_equal(submitted, 0);
    fake_net_close(s);
    toy_settle();
    assert_int_equal(submitted, 1);
    assert_int_equal(rpc_calls_active(toy.rpc), 2); /* that one, and the batch that it rests on */
    complete_entries();
    assert_int_equal(rpc_calls_active(toy.rpc), 0);
}

static void gone_after_it_all_is_finished(void **state)
{
    (void)state;
    struct net_stream *s = ask();
    assert_int_equal(submitted, 3);
    fake_net_close(s);
    assert_int_equal(canceled, 0);
    assert_logged(s, "\"reason\":\"CANCELLED\"");
    complete_entries();
    assert_int_equal(completed, 3);
    assert_story("a1 a2 a3 f1 f2 f3 f1 f2 f3 f1 f2 f3 submit submit submit f4 f4 f4");
    assert_int_equal(rpc_calls_active(toy.rpc), 0);
}

static void gone_while_they_wait_for_their_turn(void **state)
{
    (void)state;
    struct net_stream *s = toy_open(&batch);
    toy_settle();
    fake_net_message(s, slice_of(THREE, sizeof THREE - 1));
    fake_net_close(s);
    toy_settle();
    assert_int_equal(submitted, 0);
    assert_int_equal(rpc_calls_active(toy.rpc), 0);
}

/* --- bounds ------------------------------------------------------------------------------------- */

static step joins(struct call *c)
{
    static const struct tenant_id tenant = {{{1}}};
    (void)knows(c);
    return call_join_party(c, tenant);
}

static void items_count_as_calls(void **state)
{
    (void)state;
    toy_engine(&(const struct rpc_limits){.party_calls = 5}, &TOY_AUTHENTICATOR);
    toy_serve(&batch);
    toy_serve(&TOY_CACHED);
    toy.on[A3] = joins;
    struct net_stream *first = ask(); /* 4 */
    assert_int_equal(submitted, 3);
    struct net_stream *second = ask();
    assert_refused(second, R_TENANT_BUSY);
    complete_entries();
    assert_served(first);
    struct net_stream *third = ask();
    complete_entries();
    assert_served(third);
}

/* One that is larger than all that its tenant may have has its turn when it is alone. */
static void a_batch_alone_finds_room(void **state)
{
    (void)state;
    toy_engine(&(const struct rpc_limits){.party_calls = 2}, &TOY_AUTHENTICATOR);
    toy_serve(&batch);
    toy.on[A3] = joins;
    struct net_stream *s = ask();
    assert_int_equal(submitted, 3);
    assert_refused(ask(), R_TENANT_BUSY);
    complete_entries();
    assert_served(s);
}

/* Whatever finds no room refuses an item or the batch, and leaves nothing over. */
static void memory_may_end_at_any_allocation(void **state)
{
    (void)state;
    size_t refused = 0;
    for (fail_at = 1; fail_at < 24; fail_at++) {
        struct net_stream *s = ask();
        complete_entries();
        assert_int_equal(s->finishes, 1);
        refused += s->code != GRPC_OK || strspn(outcomes, ".") != 3;
        assert_int_equal(rpc_calls_active(toy.rpc), 0);
        toy.story[0] = '\0';
        entry_count = 0;
    }
    assert_true(refused > 5);
    assert_string_equal(outcomes, "...");
}

/* --- the registry ------------------------------------------------------------------------------- */

static const struct flow *wrong;

static void register_wrong(void)
{
    toy_serve(wrong);
}

static void what_a_batch_must_be(void **state)
{
    (void)state;
    toy_engine(&(const struct rpc_limits){0}, &TOY_AUTHENTICATOR);
    struct flow flow = batch;
    wrong = &flow;
    flow.item = &TOY_FLOW; /* another method's request */
    assert_aborts(register_wrong);
    flow = batch;
    flow.items_max = 0;
    assert_aborts(register_wrong);
    flow = batch;
    flow.item = &batch;
    assert_aborts(register_wrong);
    struct flow untrusting = TOY_CACHED;
    untrusting.trust = TRUST_NOTHING;
    flow.item = &untrusting;
    assert_aborts(register_wrong);
    flow = batch;
    toy_serve(&flow);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(they_begin_together_when_the_last_has_come),
        TEST(by_itself_nobody_waits),
        TEST(a_refusal_is_recorded_with_the_others),
        TEST(who_is_sent_back_meets_those_who_are_too),
        TEST(what_is_no_message_refuses_itself),
        TEST(a_batch_may_come_whole),
        TEST(a_second_message_is_one_too_many),
        TEST(gone_before_the_meeting_nothing_is_begun),
        TEST(gone_before_the_meeting_refusals_are_recorded),
        TEST(gone_after_it_all_is_finished),
        TEST(gone_while_they_wait_for_their_turn),
        TEST(items_count_as_calls),
        TEST(a_batch_alone_finds_room),
        TEST(memory_may_end_at_any_allocation),
        TEST(what_a_batch_must_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
