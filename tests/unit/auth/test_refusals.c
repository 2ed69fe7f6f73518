/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals of callers whom nobody knows: whose they are, how often a network may fail, and what rows they become. */
#include "auth_world.h"

#include "auth/failure_limit.h"
#include "auth/network.h"
#include "auth/refusals.h"

/* --- networks -------------------------------------------------------------------------------------- */

static void a_network_is_an_address_or_a_64(void **state)
{
    (void)state;
    static const struct {
        const char *peer, *text;
        bool has_address;
    } cases[] = {
        {"192.0.2.7:4711", "192.0.2.7", true},
        {"[2001:db8:1:2:3:4:5:6]:443", "2001:db8:1:2::/64", true},
        {"[2001:db8:1:2::]:443", "2001:db8:1:2::/64", true},
        {"[::1]:443", "::/64", true},
        {"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", "ffff:ffff:ffff:ffff::/64", true},
        {"[::ffff:192.0.2.7]:4711", "192.0.2.7", true},
        {"unix", "unix", false},
        {"", "unix", false},
        {":", "unix", false},
        {"[", "unix", false},
        {"nonsense:1", "unix", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct network network = network_of(cases[i].peer);
        assert_string_equal(network.text, cases[i].text);
        assert_int_equal(network.has_address, cases[i].has_address);
    }
}

/* --- the limit ------------------------------------------------------------------------------------- */

static struct mono_time at_ms(int64_t ms)
{
    return mono_add_ms((struct mono_time){1}, ms);
}

/* So many may fail at once. */
static size_t fail_until_reached(struct failure_limit *limit, const struct network *from,
                                 int64_t ms)
{
    size_t count = 0;
    while (!failure_limit_is_reached(limit, from, at_ms(ms)) && count < 100000) {
        failure_limit_note(limit, from, at_ms(ms));
        count++;
    }
    return count;
}

static void a_network_may_fail_so_often(void **state)
{
    (void)state;
    struct failure_limit *limit = failure_limit_new(5);
    struct network from = network_of("192.0.2.7:1"), other = network_of("192.0.2.8:1");
    assert_int_equal(fail_until_reached(limit, &from, 0), 5 * FAILURE_BURST_S);
    assert_false(failure_limit_is_reached(limit, &other, at_ms(0)));
    assert_true(failure_limit_is_reached(limit, &from, at_ms(199)));
    assert_int_equal(fail_until_reached(limit, &from, 200), 1);
    assert_int_equal(fail_until_reached(limit, &from, 1200), 5);
    for (int i = 0; i < 1000; i++) { /* what is refused beyond it is not held against them */
        failure_limit_note(limit, &from, at_ms(1200));
    }
    assert_int_equal(fail_until_reached(limit, &from, 1400), 1);
    assert_int_equal(fail_until_reached(limit, &from, 60000), 5 * FAILURE_BURST_S);
    failure_limit_free(limit);
}

static void a_unix_socket_is_not_limited(void **state)
{
    (void)state;
    struct failure_limit *limit = failure_limit_new(1);
    struct network from = network_of("unix");
    assert_int_equal(fail_until_reached(limit, &from, 0), 100000);
    failure_limit_free(limit);
}

/* Whoever has many networks is remembered in few of them; who failed last stays. */
static void the_limit_is_bounded(void **state)
{
    (void)state;
    struct failure_limit *limit = failure_limit_new(1);
    struct network from = network_of("192.0.2.7:1");
    (void)fail_until_reached(limit, &from, 0);
    char peer[64];
    for (unsigned i = 0; i < 2 * FAILURE_NETWORKS_MAX; i++) {
        snprintf(peer, sizeof peer, "[2001:db8:%x:%x::1]:1", i >> 8, i & 0xff);
        struct network one = network_of(peer);
        failure_limit_note(limit, &one, at_ms(0));
        if (i % 1000 == 0) {
            assert_true(failure_limit_is_reached(limit, &from, at_ms(0)));
        }
    }
    failure_limit_free(limit);
}

/* --- counting -------------------------------------------------------------------------------------- */

enum { WINDOW_MS = 60000 };

static struct refusal_tally *tally;
static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    tally = refusal_tally_new(WINDOW_MS);
    arena = arena_new(4 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    refusal_tally_free(tally);
    arena_free(arena);
    return 0;
}

static struct audit_who who_at(const char *peer)
{
    return (struct audit_who){.addresses = "",
                              .user = "",
                              .component_name = "",
                              .client_address = peer,
                              .user_agent = "agent",
                              .correlation_id = "trace"};
}

static bool add(const char *peer, enum reason reason, int64_t ms)
{
    struct audit_who who = who_at(peer);
    struct refusal refusal = {
        .log = TENANT_PLATFORM, .reason = reason, .operation = "toy", .who = &who};
    return refusal_tally_add(tally, &refusal, at_ms(ms), ms * 1000);
}

static struct audit_summary *take(bool all, int64_t ms, size_t *count)
{
    return refusal_tally_take(tally, all, at_ms(ms), ms * 1000, arena, count);
}

static void the_first_one_shows_at_once_and_then_the_minute(void **state)
{
    (void)state;
    size_t count;
    assert_int_equal(refusal_tally_due_ms(tally, at_ms(0)), -1);
    assert_true(add("192.0.2.7:1", R_TOKEN_EXPIRED, 1000));
    assert_int_equal(refusal_tally_due_ms(tally, at_ms(1000)), 0);
    struct audit_summary *rows = take(false, 1000, &count);
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].calls, 1);
    assert_string_equal(rows[0].client_address, "192.0.2.7");
    assert_string_equal(rows[0].reason, "TOKEN_EXPIRED");
    assert_string_equal(rows[0].operation, "toy");
    assert_non_null(
        strstr(rows[0].target, "1 call from 1970-01-01T00:00:01Z to 1970-01-01T00:00:01Z"));
    assert_non_null(strstr(rows[0].target, "192.0.2.7:1"));
    assert_true(add("192.0.2.7:2", R_TOKEN_EXPIRED, 1001)); /* while it is on its way */
    refusal_tally_settle(tally, true, at_ms(1001), 1000000);
    assert_false(add("192.0.2.7:3", R_TOKEN_EXPIRED, 2000));
    (void)take(false, 2000, &count);
    assert_int_equal(count, 0);
    assert_int_equal(refusal_tally_due_ms(tally, at_ms(1001)), WINDOW_MS + 1);
    rows = take(false, 1001 + WINDOW_MS, &count);
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].calls, 2);
    assert_non_null(strstr(rows[0].target, "192.0.2.7:2")); /* the first of them */
    refusal_tally_settle(tally, true, at_ms(1001 + WINDOW_MS), 0);
    (void)take(false, 1001 + 2 * WINDOW_MS, &count);
    assert_int_equal(count, 0);
    assert_int_equal(refusal_tally_due_ms(tally, at_ms(0)), -1); /* forgotten */
}

static void what_is_not_written_counts_on(void **state)
{
    (void)state;
    size_t count;
    (void)add("192.0.2.7:1", R_TOKEN_EXPIRED, 0);
    (void)take(false, 0, &count);
    assert_int_equal(count, 1);
    (void)add("192.0.2.7:1", R_TOKEN_EXPIRED, 0);
    refusal_tally_settle(tally, false, at_ms(0), 0);
    const struct audit_summary *rows = take(false, 0, &count);
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].calls, 2);
    refusal_tally_settle(tally, true, at_ms(0), 0);
    (void)take(true, 0, &count);
    assert_int_equal(count, 0);
}

static void networks_reasons_and_logs_are_apart(void **state)
{
    (void)state;
    size_t count;
    (void)add("192.0.2.7:1", R_TOKEN_EXPIRED, 0);
    (void)add("192.0.2.7:9", R_TOKEN_EXPIRED, 0);
    (void)add("192.0.2.8:1", R_TOKEN_EXPIRED, 0);
    (void)add("192.0.2.7:1", R_TOKEN_AUDIENCE, 0);
    (void)add("[2001:db8::1]:1", R_TOKEN_EXPIRED, 0);
    (void)add("[2001:db8::2]:1", R_TOKEN_EXPIRED, 0);
    struct audit_who who = who_at("192.0.2.7:1");
    who.component = (struct component_id){{{1}}};
    who.component_name = "portal";
    struct refusal carried = {
        .log = {{{7}}}, .reason = R_TOKEN_EXPIRED, .operation = "toy", .who = &who};
    (void)refusal_tally_add(tally, &carried, at_ms(0), 0);
    const struct audit_summary *rows = take(false, 0, &count);
    assert_int_equal(count, 5);
    assert_int_equal(rows[0].calls, 2);
    assert_int_equal(rows[3].calls, 2);
    assert_string_equal(rows[4].component_name, "portal");
    assert_true(rows[4].tenant.u.b[0] == 7);
}

/* Whatever strangers do, it is so many rows a minute, and no call is missing. */
static void rows_are_bounded(void **state)
{
    (void)state;
    size_t count;
    int64_t calls = 0;
    char peer[64];
    for (unsigned i = 0; i < 20000; i++) {
        snprintf(peer, sizeof peer, "[2001:db8:%x:%x::1]:1", i >> 8, i & 0xff);
        (void)add(peer, i % 2 == 0 ? R_TOKEN_EXPIRED : R_TOKEN_MALFORMED, 0);
    }
    const struct audit_summary *rows = take(false, 0, &count);
    assert_int_equal(count, TALLY_ENTRIES_MAX + 2);
    for (size_t i = 0; i < count; i++) {
        calls += rows[i].calls;
    }
    assert_int_equal(calls, 20000);
    assert_string_equal(rows[count - 1].client_address, OTHER_NETWORKS);
    refusal_tally_settle(tally, true, at_ms(0), 0);
    (void)take(false, WINDOW_MS, &count);
    assert_true(add("192.0.2.7:1", R_TOKEN_EXPIRED, WINDOW_MS)); /* there is room again */
    rows = take(false, WINDOW_MS, &count);
    assert_int_equal(count, 1);
    assert_string_equal(rows[0].client_address, "192.0.2.7");
}

static bool carry(unsigned component, const char *peer)
{
    struct audit_who who = who_at(peer);
    who.component = (struct component_id){{{(uint8_t)component, 1}}};
    who.component_name = "portal";
    struct refusal refusal = {
        .log = {{{7}}}, .reason = R_TOKEN_EXPIRED, .operation = "toy", .who = &who};
    bool is_single = refusal_tally_is_single(tally, &refusal, at_ms(0));
    if (!is_single) {
        (void)refusal_tally_add(tally, &refusal, at_ms(0), 0);
    }
    return is_single;
}

/* Strangers from many networks took the places of what components carry, whose records came into another log, summed
 * up. */
static void strangers_take_no_place_of_a_components(void **state)
{
    (void)state;
    size_t count;
    char peer[64];
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(peer, sizeof peer, "[2001:db8:%x::1]:1", i);
        (void)add(peer, R_TOKEN_EXPIRED, 0);
    }
    for (unsigned i = 0; i < TALLY_SINGLE_MAX; i++) {
        assert_true(carry(1, "192.0.2.7:1"));
    }
    assert_false(carry(1, "192.0.2.7:1"));
    const struct audit_summary *rows = take(true, 0, &count);
    assert_int_equal(count, TALLY_ENTRIES_MAX + 2);
    assert_true(rows[count - 1].tenant.u.b[0] == 7);
    assert_int_equal(rows[count - 1].calls, 1);
}

/* Nor does a component from many networks take those of another one. */
static void a_component_has_its_share_of_places(void **state)
{
    (void)state;
    enum { OWN = TALLY_OF_COMPONENT_MAX, CALLS = 1000 };
    size_t count, of_platform = 0;
    int64_t calls = 0;
    char peer[64];
    for (unsigned i = 0; i < CALLS; i++) {
        snprintf(peer, sizeof peer, "[2001:db8:%x::1]:1", i);
        assert_int_equal(carry(1, peer), i < OWN + TALLY_SINGLE_MAX);
    }
    assert_true(carry(2, "192.0.2.7:1"));
    const struct audit_summary *rows = take(true, 0, &count);
    assert_int_equal(count, 1);
    assert_string_equal(rows[0].client_address, OTHER_NETWORKS);
    assert_true(rows[0].tenant.u.b[0] == 7);
    assert_int_equal(rows[0].calls, CALLS - OWN - TALLY_SINGLE_MAX);
    refusal_tally_settle(tally, true, at_ms(0), 0);
    for (unsigned i = 0; i < 100 * OWN; i++) { /* all together have so many */
        snprintf(peer, sizeof peer, "192.0.2.%u:1", i % OWN);
        calls += !carry(i / OWN, peer);
    }
    rows = take(true, 0, &count);
    for (size_t i = 0; i < count; i++) {
        calls -= rows[i].calls;
        of_platform += rows[i].tenant.u.b[0] == 0;
    }
    assert_int_equal(calls, 0);
    assert_int_equal(of_platform, 1);
}

static void without_room_nothing_is_lost(void **state)
{
    (void)state;
    size_t count;
    AUTO(arena_free_at) struct arena *small = arena_new(16);
    (void)add("192.0.2.7:1", R_TOKEN_EXPIRED, 0);
    assert_null(refusal_tally_take(tally, true, at_ms(0), 0, small, &count));
    assert_int_equal(count, 0);
    refusal_tally_settle(tally, true, at_ms(0), 0);
    const struct audit_summary *rows = take(true, 0, &count);
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].calls, 1);
}

/* --- writing --------------------------------------------------------------------------------------- */

static void fail_from(const char *peer, size_t times)
{
    struct audit_who who = who_at(peer);
    struct refusal refusal = {
        .log = TENANT_PLATFORM, .reason = R_TOKEN_EXPIRED, .operation = "toy", .who = &who};
    for (size_t i = 0; i < times; i++) {
        refusals_add(world.services.refusals, &refusal, true);
    }
}

static void nobody_waits_for_what_is_written(void **state)
{
    (void)state;
    fake_store.is_ready = true;
    fail_from("192.0.2.7:1", 5);
    assert_int_equal(fake_store.summary_statements, 0); /* from the loop, later */
    toy_run_ms(50);
    assert_int_equal(fake_store.summary_statements, 1);
    assert_int_equal(fake_store.summary_count, 1);
    assert_int_equal(fake_store.summaries[0].calls, 5);
    fail_from("192.0.2.8:1", 1);
    toy_run_ms(50);
    assert_int_equal(fake_store.summary_statements, 1); /* statements have a pause between them */
    toy_run_ms(300);
    assert_int_equal(fake_store.summary_count, 2);
}

static void a_database_that_is_away_is_waited_for(void **state)
{
    (void)state;
    fail_from("192.0.2.7:1", 5);
    toy_run_ms(50);
    assert_int_equal(fake_store.summary_statements, 0);
    fake_store.is_ready = true;
    fake_store.failing = "summaries";
    fake_store.failure = R_DATABASE_UNAVAILABLE;
    toy_run_ms(400);
    assert_int_equal(fake_store.summary_statements, 1); /* and not again and again */
    fake_store.failing = NULL;
    fail_from("192.0.2.7:1", 1);
    toy_run_ms(5200);
    assert_int_equal(fake_store.summary_count, 1);
    assert_int_equal(fake_store.summaries[0].calls, 6);
}

static size_t flushes;

static void count_flush(void *ctx)
{
    (void)ctx;
    flushes++;
}

static void the_end_waits_for_what_is_counted(void **state)
{
    (void)state;
    flushes = 0;
    fake_store.is_ready = true;
    refusals_flush(world.services.refusals, 1000, count_flush, NULL);
    assert_int_equal(flushes, 1); /* there is nothing */
    fail_from("192.0.2.7:1", 5);
    toy_run_ms(50);
    fail_from("192.0.2.7:1", 7); /* due in a minute */
    fake_store.is_held = true;
    refusals_flush(world.services.refusals, 1000, count_flush, NULL);
    toy_settle();
    fail_from("192.0.2.7:1", 1); /* while it is written */
    fake_store_release();
    toy_run_ms(50);
    assert_int_equal(flushes, 2);
    assert_int_equal(fake_store.summary_count, 3);
    assert_int_equal(fake_store.summaries[1].calls + fake_store.summaries[2].calls, 8);
}

static void the_end_does_not_wait_for_ever(void **state)
{
    (void)state;
    flushes = 0;
    fake_store.is_ready = true;
    fail_from("192.0.2.7:1", 5);
    fake_store.is_held = true;
    refusals_flush(world.services.refusals, 1000, count_flush, NULL);
    toy_run_ms(50);
    assert_int_equal(flushes, 0);
    toy_run_ms(1000);
    assert_int_equal(flushes, 1);
}

int main(void)
{
#define PURE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST(name) cmocka_unit_test_setup_teardown(name, auth_set_up, auth_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_is_an_address_or_a_64),
        cmocka_unit_test(a_network_may_fail_so_often),
        cmocka_unit_test(a_unix_socket_is_not_limited),
        cmocka_unit_test(the_limit_is_bounded),
        PURE(the_first_one_shows_at_once_and_then_the_minute),
        PURE(what_is_not_written_counts_on),
        PURE(networks_reasons_and_logs_are_apart),
        PURE(rows_are_bounded),
        PURE(strangers_take_no_place_of_a_components),
        PURE(a_component_has_its_share_of_places),
        PURE(without_room_nothing_is_lost),
        TEST(nobody_waits_for_what_is_written),
        TEST(a_database_that_is_away_is_waited_for),
        TEST(the_end_waits_for_what_is_counted),
        TEST(the_end_does_not_wait_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
