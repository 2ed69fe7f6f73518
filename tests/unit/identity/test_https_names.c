/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts of GETs, looked up at a real server (tests/support/dns_server.py), whose first label says how it answers. That
 * keys come from them is in tests/regress/test_names_blocked_the_loop.py. */
#include "chancery_test.h"

#include <stdlib.h>
#include <string.h>

#include "dns/dns.h"
#include "identity/https.h"

enum { BYTES_MAX = 1000, TIMEOUT_MS = 400 };

static struct loop *loop;
static struct dns *dns;
static struct https *https;
static struct err err;
static char problem[128];
static int calls;

static int set_up(void **state)
{
    (void)state;
    char *server = getenv("CHANCERY_TEST_DNS");
    assert_non_null(server);
    loop = loop_new();
    assert_ok(dns_new(loop, &server, 1, &dns, &err), &err);
    https = https_new(
        loop, &(struct https_config){.allow_loopback = true, .timeout_ms = TIMEOUT_MS, .dns = dns});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    https_free(https);
    dns_free(dns);
    loop_free(loop);
    return 0;
}

static void done(void *user, const struct https_result *result)
{
    (void)user;
    assert_false(result->ok);
    snprintf(problem, sizeof problem, "%s", result->problem);
    calls++;
    loop_stop(loop);
}

static void why_it_failed_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *url, *problem;
    } cases[] = {
        {"https://silent.example/keys", "no name server answers for the host"},
        {"https://servfail.example/keys", "no name server answers for the host"},
        {"https://nx.example/keys", "there is no such host"},
        {"https://inside.example/keys", "only with identity.allow_private"},
        {"https://four.example:1/keys", "connect to four.example"},
        {"https://127.0.0.1:1/keys", "connect"},
        {"https://[::1]:1/keys", ""},
        {"https://both.example:1/keys", ""},
        {"https://169.254.169.254/keys", ""},
        {"https:///keys", ""},
        {"https://exa mple/keys", ""},
        {"http://four.example/keys", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        calls = 0;
        assert_non_null(https_get(https, cases[i].url, BYTES_MAX, done, NULL));
        assert_int_equal(calls, 0);
        loop_run(loop);
        assert_int_equal(calls, 1);
        if (strstr(problem, cases[i].problem) == NULL) {
            fail_msg("%s: %s", cases[i].url, problem);
        }
    }
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

static void never(void *user, const struct https_result *result)
{
    (void)user;
    fail_msg("a canceled GET is done: %s", result->problem);
}

/* At once, and while the host is looked up. */
static void a_canceled_get_is_gone(void **state)
{
    (void)state;
    static const char *const urls[] = {"https://silent.example/", "https://four.example:1/",
                                       "https://nx.example/"};
    static const int64_t after_ms[] = {0, 20};
    for (size_t i = 0; i < 3; i++) {
        for (size_t n = 0; n < (i == 0 ? 2 : 1); n++) {
            struct https_get *get = https_get(https, urls[i], BYTES_MAX, never, NULL);
            assert_non_null(get);
            if (after_ms[n] > 0) {
                run_for(after_ms[n]);
            }
            https_cancel(get);
            run_for(30);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(why_it_failed_is_told),
        cmocka_unit_test(a_canceled_get_is_gone),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
