/* SPDX-License-Identifier: Apache-2.0 */
/* Sequences: items are calls of other methods, one after another; each is authenticated anew; the first that fails ends it; and
 * what is held goes when the last of them has gone. */
#include "toy.h"

#include "chancery/v1/declaration.pb-c.h"

static size_t done, let_go_count;
static bool is_second_refused, is_told_no, goes_again, has_held_failed;

static void let_go(void *value)
{
    assert_ptr_equal(value, &let_go_count);
    let_go_count++;
}

static bool has_failed(const void *value)
{
    assert_ptr_equal(value, &let_go_count);
    return has_held_failed;
}

/* --- the item: another method ------------------------------------------------------------------- */

static bool is_second(const struct call *c)
{
    const Chancery__V1__AddExclusionRequest *request = call_request(c);
    return strcmp(request->application, "b") == 0;
}

static step looks(struct call *c)
{
    toy_tell("looks");
    assert_ptr_equal(call_held(c), &let_go_count);
    assert_false(call_may_remember(c));
    bool is_first = ((struct toy_state *)call_state(c))->visits++ == 0; /* a state of its own */
    assert_true(is_first || goes_again);
    if (goes_again && is_first && is_second(c)) {
        return call_again_from(c, looks);
    }
    if (is_second_refused && is_second(c)) {
        call_error_metadata(c, "limit", "7");
        return call_bad_field(c, "application", "It is no good.");
    }
    return STEP_NEXT;
}

static step acts(struct call *c)
{
    toy_tell("acts");
    return toy_wait(c, toy_next);
}

static const struct flow item = {
    .method = "/chancery.v1.TenantService/AddExclusion",
    .name = "toy_item",
    .state = FLOW_STATE(struct toy_state),
    .steps = {STEP("looks", looks), COMMIT("acts", acts), STEP("reply", toy_reply)},
};

/* --- the sequence ------------------------------------------------------------------------------- */

static step begins(struct call *c)
{
    call_hold(c, &let_go_count, let_go, has_failed);
    return STEP_NEXT;
}

static step is_done(struct call *c, const struct call *one, const struct call_outcome *outcome)
{
    assert_non_null(outcome->reply);
    assert_string_equal(call_flow_name(one), "toy_item");
    done++;
    return is_told_no ? call_bad_field(c, "acts", "There are enough.") : STEP_NEXT;
}

static const struct method act = {.path = "/chancery.v1.DeclarationService/Apply",
                                  .service = "chancery.v1.DeclarationService",
                                  .request = &chancery__v1__act__descriptor,
                                  .response = &chancery__v1__act_result__descriptor,
                                  .max_request_bytes = 1024};
static const struct flow sequence = {
    .method = "/chancery.v1.DeclarationService/Apply",
    .name = "toy_sequence",
    .steps = {STEP("begins", begins), SEQUENCE("acts"), COMMIT("commit", toy_waits),
              STEP("reply", toy_reply)},
    .items_max = 4,
    .item_method = &act,
    .on_item = is_done,
    .item_word = "act",
};

/* Acts whose field 6 is a request whose field 3 is a, b and c. */
static const char THREE[] = "\x0a\x05\x32\x03\x1a\x01"
                            "a\x0a\x05\x32\x03\x1a\x01"
                            "b\x0a\x05\x32\x03\x1a\x01"
                            "c";

static struct net_stream *ask_bytes(const char *bytes, size_t len)
{
    struct net_stream *s = toy_open(&sequence);
    fake_net_message(s, slice_of(bytes, len));
    fake_net_end(s);
    toy_settle();
    return s;
}

static struct net_stream *ask(void)
{
    return ask_bytes(THREE, sizeof THREE - 1);
}

static void complete_all(void)
{
    while (toy_in_flight() > 0) {
        toy_complete();
    }
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
    toy_serve(&sequence);
    toy_serve(&item);
    done = let_go_count = fail_at = 0;
    is_second_refused = is_told_no = goes_again = has_held_failed = false;
    return failed;
}

static int tear_down(void **state)
{
    complete_all();
    return toy_tear_down(state);
}

/* --- tests -------------------------------------------------------------------------------------- */

static void they_come_one_after_another(void **state)
{
    (void)state;
    struct net_stream *s = ask();
    assert_story("a1 a2 a3 a1 a2 a3 looks acts");
    toy_complete();
    assert_story("then a1 a2 a3 looks acts");
    toy_complete();
    assert_story("then a1 a2 a3 looks acts");
    assert_unanswered(s);
    assert_int_equal(done, 2);
    complete_all();
    assert_served(s);
    assert_int_equal(done, 3);
    assert_int_equal(let_go_count, 1);
    assert_int_equal(rpc_calls_active(toy.rpc), 0);
}

static void the_first_that_fails_ends_it(void **state)
{
    (void)state;
    is_second_refused = true;
    struct net_stream *s = ask();
    complete_all();
    assert_refused(s, R_FIELD_INVALID);
    assert_true(toy_details_have(s, "acts[1].add_exclusion.application"));
    assert_true(toy_details_have(s, "limit"));
    assert_story("a1 a2 a3 a1 a2 a3 looks acts then a1 a2 a3 looks");
    assert_int_equal(done, 1);
    assert_int_equal(let_go_count, 1);
}

static void one_may_go_again(void **state)
{
    (void)state;
    goes_again = true;
    struct net_stream *s = ask();
    complete_all();
    assert_served(s);
    assert_int_equal(done, 3);
}

/* It would only find that its first way has failed. */
static void none_goes_again_in_what_has_failed(void **state)
{
    (void)state;
    goes_again = has_held_failed = true;
    struct net_stream *s = ask();
    complete_all();
    assert_refused(s, R_DATABASE_CONFLICT);
    assert_int_equal(done, 1);
    assert_int_equal(let_go_count, 1);
}

static step refuses_b(struct call *c)
{
    return c->part_of != NULL && c->item_index == 1 ? toy_refuses(c) : STEP_NEXT;
}

/* Each is asked who it is; and whoever is refused is recorded once. */
static void its_caller_is_asked_for_each(void **state)
{
    (void)state;
    toy.on[A2] = refuses_b;
    struct net_stream *s = ask();
    complete_all();
    assert_refused(s, TOY_REFUSAL);
    assert_story("a1 a2 a3 a1 a2 a3 looks acts then a1 a2 RECORDER");
}

static void what_is_told_of_an_item_may_end_it(void **state)
{
    (void)state;
    is_told_no = true;
    struct net_stream *s = ask();
    complete_all();
    assert_refused(s, R_FIELD_INVALID);
    assert_int_equal(done, 1);
    assert_int_equal(let_go_count, 1);
}

/* What has begun to commit is finished; then all is let go, and not before. */
static void its_client_goes(void **state)
{
    (void)state;
    struct net_stream *s = ask();
    fake_net_close(s);
    toy_settle();
    assert_int_equal(let_go_count, 0);
    complete_all();
    assert_int_equal(done, 0);
    assert_int_equal(let_go_count, 1);
    assert_int_equal(rpc_calls_active(toy.rpc), 0);
}

static void items_that_are_none(void **state)
{
    (void)state;
    assert_refused(ask_bytes("\x0a\x00", 2), R_FIELD_INVALID);
    assert_refused(ask_bytes("\x0a\x03\x32\xff\xff", 5), R_PROTO_MALFORMED);
    assert_refused(ask_bytes("\x0a\x02\x3a\x00", 4), R_METHOD_UNIMPLEMENTED); /* served by nobody */
    assert_int_equal(let_go_count, 3);
    assert_int_equal(rpc_calls_active(toy.rpc), 0);
}

static void memory_may_end_anywhere(void **state)
{
    (void)state;
    size_t refused = 0;
    for (fail_at = 1; fail_at < 24; fail_at++) {
        struct net_stream *s = ask();
        complete_all();
        assert_int_equal(s->finishes, 1);
        refused += s->code != GRPC_OK;
        assert_int_equal(rpc_calls_active(toy.rpc), 0);
        toy.story[0] = '\0';
    }
    assert_true(refused > 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(they_come_one_after_another),
        TEST(the_first_that_fails_ends_it),
        TEST(one_may_go_again),
        TEST(none_goes_again_in_what_has_failed),
        TEST(its_caller_is_asked_for_each),
        TEST(what_is_told_of_an_item_may_end_it),
        TEST(its_client_goes),
        TEST(items_that_are_none),
        TEST(memory_may_end_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
