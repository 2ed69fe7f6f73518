/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of hosts from a real server (tests/support/dns_server.py), whose first label says how it answers. */
#include "chancery_test.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dns/dns_host.h"

static struct loop *loop;
static struct dns *dns;
static struct err err;

static int set_up(void **state)
{
    (void)state;
    char *server = getenv("CHANCERY_TEST_DNS");
    assert_non_null(server);
    loop = loop_new();
    assert_ok(dns_new(loop, &server, 1, &dns, &err), &err);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dns_free(dns);
    loop_free(loop);
    return 0;
}

static void done(struct dns_host *host)
{
    (*(int *)host->user)++;
    loop_stop(loop);
}

static int64_t ask(struct dns_host *host, const char *name, int64_t limit_ms)
{
    int calls = 0;
    struct mono_time begun = clock_mono();
    *host = (struct dns_host){.done = done, .user = &calls};
    dns_host_start(dns, host, name, limit_ms);
    assert_int_equal(calls, 0);
    loop_run(loop);
    assert_int_equal(calls, 1);
    return (clock_mono().ns - begun.ns) / 1000000;
}

static bool has(const struct dns_host *host, const char *text)
{
    for (size_t i = 0; i < host->count; i++) {
        char found[DNS_ADDRESS_TEXT_MAX];
        dns_address_text(&host->addresses[i], found);
        if (strcmp(found, text) == 0) {
            return true;
        }
    }
    return false;
}

static void addresses_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t count;
        const char *address;
    } cases[] = {
        {"four.example", 1, "127.0.0.1"},
        {"six.example", 1, "::1"},
        {"both.example", 3, "127.0.0.2"},
        {"FOUR.example", 1, "127.0.0.1"},
        {"four.example.", 1, "127.0.0.1"},
        {"lossy.example", 1, "127.0.0.1"},
        {"crowd.example", DNS_ADDRESSES_MAX, ""},
        {"127.0.0.9", 1, "127.0.0.9"},
        {"::1", 1, "::1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dns_host host;
        ask(&host, cases[i].name, DNS_TIMEOUT_MS);
        assert_int_equal(host.err.reason, R_NONE);
        assert_int_equal(host.count, cases[i].count);
        assert_true(cases[i].address[0] == '\0' || has(&host, cases[i].address));
    }
}

/* Without a question to any server: nobody answers for that name. */
static void the_hosts_file_is_read(void **state)
{
    (void)state;
    struct dns_host host;
    ask(&host, "localhost", DNS_TIMEOUT_MS);
    assert_int_equal(host.err.reason, R_NONE);
    assert_true(has(&host, "127.0.0.1") || has(&host, "::1"));
}

static void no_such_host_is_no_error(void **state)
{
    (void)state;
    char label[300];
    memset(label, 'x', sizeof label);
    label[sizeof label - 1] = '\0';
    const char *const names[] = {"nx.example", "none.example", "a..example", "", label};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct dns_host host;
        ask(&host, names[i], DNS_TIMEOUT_MS);
        assert_int_equal(host.err.reason, R_NONE);
        assert_int_equal(host.count, 0);
    }
}

static void a_broken_server_is_an_error(void **state)
{
    (void)state;
    static const char *const names[] = {"servfail.example", "refused.example"};
    for (size_t i = 0; i < 2; i++) {
        struct dns_host host;
        ask(&host, names[i], DNS_TIMEOUT_MS);
        assert_int_equal(host.err.reason, R_DNS_UNAVAILABLE);
    }
}

static void silence_ends_in_time(void **state)
{
    (void)state;
    struct dns_host host;
    assert_in_range(ask(&host, "silent.example", 300), 290, 1500);
    assert_int_equal(host.err.reason, R_DNS_UNAVAILABLE);
}

/* --- many, and canceling ---------------------------------------------------------------------------- */

enum { MANY = 3 * DNS_IN_FLIGHT_MAX };

static struct dns_host *start_many(int *calls, const char *name, int64_t limit_ms)
{
    struct dns_host *hosts = xcalloc(MANY, sizeof *hosts);
    for (size_t i = 0; i < MANY; i++) {
        hosts[i] = (struct dns_host){.done = done, .user = calls};
        dns_host_start(dns, &hosts[i], name, limit_ms);
        assert_in_range(dns->in_flight, 1, DNS_IN_FLIGHT_MAX);
    }
    return hosts;
}

static void who_finds_no_room_waits_in_line(void **state)
{
    (void)state;
    int calls = 0;
    struct dns_host *hosts = start_many(&calls, "four.example", DNS_TIMEOUT_MS);
    while (calls < MANY) {
        loop_run(loop);
        assert_in_range(dns->in_flight, 0, DNS_IN_FLIGHT_MAX);
    }
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(hosts[i].err.reason, R_NONE);
        assert_true(has(&hosts[i], "127.0.0.1"));
    }
    xfree(hosts);
}

static void waiting_in_line_ends_in_time(void **state)
{
    (void)state;
    int calls = 0;
    struct mono_time begun = clock_mono();
    struct dns_host *hosts = start_many(&calls, "silent.example", 300);
    while (calls < MANY) {
        loop_run(loop);
    }
    assert_in_range((clock_mono().ns - begun.ns) / 1000000, 290, 2000);
    xfree(hosts);
}

static void on_time(struct loop_timer *timer)
{
    (void)timer;
    loop_stop(loop);
}

static void run_for(int64_t ms)
{
    struct loop_timer timer;
    loop_timer_init(&timer, loop, on_time);
    loop_timer_arm(&timer, ms);
    loop_run(loop);
    loop_timer_fini(&timer);
}

static void never(struct dns_host *host)
{
    (void)host;
    fail_msg("a canceled look-up is done");
}

/* At once, while it is asked, and from the line. */
static void a_canceled_look_up_is_gone(void **state)
{
    (void)state;
    static const int64_t after_ms[] = {0, 20};
    for (size_t round = 0; round < 2; round++) {
        int calls = 0;
        struct dns_host *hosts = start_many(&calls, "silent.example", DNS_TIMEOUT_MS);
        for (size_t i = 0; i < MANY; i++) {
            hosts[i].done = never;
        }
        run_for(after_ms[round]);
        for (size_t i = MANY; i-- > 0;) {
            dns_host_cancel(&hosts[i]);
        }
        assert_int_equal(dns->in_flight, 0);
        run_for(30);
        xfree(hosts);
    }
}

static void numbers_are_no_names(void **state)
{
    (void)state;
    static const char *const numeric[] = {"127.0.0.1", "::1", "2001:db8::1", "fe80::1%eth0"};
    static const char *const names[] = {
        "", "localhost", "127.0.0.1.example", "[::1]", "127.0.1", "0x7f.1", "::1::"};
    for (size_t i = 0; i < sizeof numeric / sizeof numeric[0]; i++) {
        assert_true(dns_is_numeric(numeric[i]));
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_false(dns_is_numeric(names[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_found),
        cmocka_unit_test(the_hosts_file_is_read),
        cmocka_unit_test(no_such_host_is_no_error),
        cmocka_unit_test(a_broken_server_is_an_error),
        cmocka_unit_test(silence_ends_in_time),
        cmocka_unit_test(who_finds_no_room_waits_in_line),
        cmocka_unit_test(waiting_in_line_ends_in_time),
        cmocka_unit_test(a_canceled_look_up_is_gone),
        cmocka_unit_test(numbers_are_no_names),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
