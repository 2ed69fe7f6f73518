/* SPDX-License-Identifier: Apache-2.0 */
/* TXT queries against a real server (tests/support/dns_server.py), whose first label says how it answers. */
#include "chancery_test.h"

#include <stdlib.h>
#include <string.h>

#include "dns/dns_txt.h"

static struct loop *loop;
static struct dns *dns;
static struct arena *arena;
static struct err err;

static int set_up(void **state)
{
    (void)state;
    assert_non_null(getenv("CHANCERY_TEST_DNS"));
    loop = loop_new();
    char *server = getenv("CHANCERY_TEST_DNS");
    assert_ok(dns_new(loop, &server, 1, &dns, &err), &err);
    arena = arena_new(1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    dns_free(dns);
    loop_free(loop);
    return 0;
}

static void done(struct dns_txt *txt)
{
    (*(int *)txt->user)++;
    loop_stop(loop);
}

static void ask(struct dns *from, struct dns_txt *txt, const char *name)
{
    int calls = 0;
    *txt = (struct dns_txt){.arena = arena, .done = done, .user = &calls};
    dns_txt_start(from, txt, name);
    assert_int_equal(calls, 0);
    loop_run(loop);
    assert_int_equal(calls, 1);
}

static void records_are_found(void **state)
{
    (void)state;
    struct dns_txt txt;
    ask(dns, &txt, "one.example");
    assert_int_equal(txt.err.reason, R_NONE);
    assert_int_equal(txt.count, 1);
    assert_true(dns_txt_has(&txt, "hello"));
    assert_false(dns_txt_has(&txt, "hell"));
    assert_false(dns_txt_has(&txt, "hello "));
}

static void strings_of_a_record_are_joined(void **state)
{
    (void)state;
    struct dns_txt txt;
    ask(dns, &txt, "split.example");
    assert_int_equal(txt.count, 2);
    assert_true(dns_txt_has(&txt, "hello"));
    assert_false(dns_txt_has(&txt, "he"));
    assert_true(dns_txt_has(&txt, "other"));
}

static void strange_records_are_left_out(void **state)
{
    (void)state;
    struct dns_txt txt;
    ask(dns, &txt, "nul.example");
    assert_int_equal(txt.count, 1);
    assert_true(dns_txt_has(&txt, "hello"));
    ask(dns, &txt, "long.example"); /* over TCP */
    assert_int_equal(txt.count, 1);
    assert_true(dns_txt_has(&txt, "hello"));
}

static void answers_are_bounded(void **state)
{
    (void)state;
    struct dns_txt txt;
    ask(dns, &txt, "many.example");
    assert_int_equal(txt.err.reason, R_NONE);
    assert_int_equal(txt.count, DNS_TEXTS_MAX);
    ask(dns, &txt, "huge.example");
    assert_int_equal(txt.err.reason, R_NONE);
    assert_int_equal(txt.count, 0);
}

static void no_name_and_no_record_are_no_error(void **state)
{
    (void)state;
    static const char *const names[] = {"nx.example", "none.example", "a..example"};
    for (size_t i = 0; i < 3; i++) {
        struct dns_txt txt;
        ask(dns, &txt, names[i]);
        assert_int_equal(txt.err.reason, R_NONE);
        assert_int_equal(txt.count, 0);
    }
}

static void a_lost_packet_is_sent_again(void **state)
{
    (void)state;
    struct dns_txt txt;
    ask(dns, &txt, "lossy.example");
    assert_true(dns_txt_has(&txt, "hello"));
}

static void answers_to_other_questions_are_ignored(void **state)
{
    (void)state;
    struct dns_txt txt;
    ask(dns, &txt, "stranger.example");
    assert_false(dns_txt_has(&txt, "forged"));
    assert_true(dns_txt_has(&txt, "hello"));
}

static void a_broken_server_is_an_error(void **state)
{
    (void)state;
    static const char *const names[] = {"servfail.example", "refused.example", "garbage.example"};
    for (size_t i = 0; i < 3; i++) {
        struct dns_txt txt;
        ask(dns, &txt, names[i]);
        assert_int_equal(txt.err.reason, R_DNS_UNAVAILABLE);
        assert_int_equal(txt.count, 0);
    }
}

static void silence_ends_in_time(void **state)
{
    (void)state;
    struct dns_txt txt;
    struct mono_time begun = clock_mono();
    ask(dns, &txt, "silent.example");
    int64_t took_ms = (clock_mono().ns - begun.ns) / 1000000;
    assert_int_equal(txt.err.reason, R_DNS_UNAVAILABLE);
    assert_in_range(took_ms, 2000, DNS_TIMEOUT_MS + 500);
}

static void nobody_listens(void **state)
{
    (void)state;
    struct dns *other = NULL;
    struct dns_txt txt;
    char nowhere[] = "127.0.0.1:1", *server = nowhere;
    assert_ok(dns_new(loop, &server, 1, &other, &err), &err);
    ask(other, &txt, "one.example");
    assert_int_equal(txt.err.reason, R_DNS_UNAVAILABLE);
    dns_free(other);
}

static void out_of_memory_is_told(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 4; n++) {
        int calls = 0;
        struct arena *small = arena_new(65536);
        struct dns_txt txt = {.arena = small, .done = done, .user = &calls};
        arena_fail_at(small, n);
        dns_txt_start(dns, &txt, "one.example");
        loop_run(loop);
        assert_int_equal(calls, 1);
        assert_true(txt.err.reason == R_ARENA_EXHAUSTED || dns_txt_has(&txt, "hello"));
        arena_free(small);
    }
}

/* --- canceling ------------------------------------------------------------------------------------ */

static void never(struct dns_txt *txt)
{
    (void)txt;
    fail_msg("a canceled query is done");
}

static void on_time(struct loop_timer *timer)
{
    (void)timer;
    loop_stop(loop);
}

/* At once, before the answer, and when it has come but is not told yet. */
static void a_canceled_query_is_gone(void **state)
{
    (void)state;
    static const int64_t after_ms[] = {0, 1, 20};
    for (size_t i = 0; i < 3; i++) {
        struct dns_txt txt = {.arena = arena, .done = never};
        struct loop_timer timer;
        loop_timer_init(&timer, loop, on_time);
        dns_txt_start(dns, &txt, i == 0 ? "one.example" : "silent.example");
        if (after_ms[i] > 0) {
            loop_timer_arm(&timer, after_ms[i]);
            loop_run(loop);
        }
        dns_txt_cancel(&txt);
        loop_timer_arm(&timer, 30);
        loop_run(loop);
        loop_timer_fini(&timer);
    }
}

static void many_at_once(void **state)
{
    (void)state;
    enum { MANY = 50 };
    int calls = 0;
    struct dns_txt txts[MANY];
    for (size_t i = 0; i < MANY; i++) {
        txts[i] = (struct dns_txt){.arena = arena, .done = done, .user = &calls};
        dns_txt_start(dns, &txts[i], i % 2 == 0 ? "one.example" : "long.example");
    }
    while (calls < MANY) {
        loop_run(loop);
    }
    for (size_t i = 0; i < MANY; i++) {
        assert_true(dns_txt_has(&txts[i], "hello"));
    }
}

static void servers_must_be_addresses(void **state)
{
    (void)state;
    struct dns *other = NULL;
    char bad[] = "not an address", six[] = "[::1]:53", four[] = "127.0.0.1:5353";
    char *servers[] = {bad, six, four};
    assert_fails(dns_new(loop, servers, 3, &other, &err), &err, R_CONFIG_INVALID);
    assert_ok(dns_new(loop, servers + 1, 2, &other, &err), &err);
    dns_free(other);
    assert_ok(dns_new(loop, NULL, 0, &other, &err), &err);
    dns_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_found),
        cmocka_unit_test(strings_of_a_record_are_joined),
        cmocka_unit_test(strange_records_are_left_out),
        cmocka_unit_test(answers_are_bounded),
        cmocka_unit_test(no_name_and_no_record_are_no_error),
        cmocka_unit_test(a_lost_packet_is_sent_again),
        cmocka_unit_test(answers_to_other_questions_are_ignored),
        cmocka_unit_test(a_broken_server_is_an_error),
        cmocka_unit_test(silence_ends_in_time),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(out_of_memory_is_told),
        cmocka_unit_test(a_canceled_query_is_gone),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(servers_must_be_addresses),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
