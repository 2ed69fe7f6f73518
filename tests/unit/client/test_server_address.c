/* SPDX-License-Identifier: Apache-2.0 */
/* Where a client sends a token: by TLS, by a Unix socket, and without TLS on this machine only. */
#include "chancery_test.h"

#include "client/server_address.h"

static struct arena *arena;
static struct err err;

static rc read_address(const char *server, bool has_token, bool is_allowed,
                       struct server_address *out)
{
    const struct server_trust trust = {has_token, is_allowed};
    return server_address_read(arena, server, &trust, out, &err);
}

static void addresses_that_are_taken(void **state)
{
    (void)state;
    struct server_address a;
    assert_ok(read_address("https://rms.example.org:8443", true, false, &a), &err);
    assert_true(a.is_https && a.socket == NULL);
    assert_string_equal(a.base, "https://rms.example.org:8443");
    assert_ok(read_address("https://rms.example.org/", true, false, &a), &err);
    assert_string_equal(a.base, "https://rms.example.org");
    assert_ok(read_address("unix:/run/chancery.sock", true, false, &a), &err);
    assert_string_equal(a.socket, "/run/chancery.sock");
    assert_ok(read_address("http://127.0.0.1:8080", false, false, &a), &err);
    assert_false(a.is_https);
}

static void a_token_goes_without_tls_where_it_may(void **state)
{
    (void)state;
    static const char *const own[] = {"http://127.0.0.1:8080", "http://127.9.9.9",
                                      "http://[::1]:8080", "http://localhost:8080",
                                      "http://localhost"};
    struct server_address a;
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        assert_fails(read_address(own[i], true, false, &a), &err, R_CONNECTION_UNPROTECTED);
        assert_ok(read_address(own[i], true, true, &a), &err);
    }
}

static void never_to_others(void **state)
{
    (void)state;
    static const char *const others[] = {
        "http://rms.example.org",   "http://10.0.0.1:8080",      "http://127.0.0.1.example.org",
        "http://localhost.example", "http://128.0.0.1",          "http://[::2]",
        "http://[::ffff:10.0.0.1]", "http://localhost.evil:80/", "http://0.0.0.0",
        "http://1270.0.0.1",
    };
    struct server_address a;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_fails(read_address(others[i], true, true, &a), &err, R_CONNECTION_UNPROTECTED);
        assert_fails(read_address(others[i], false, false, &a), &err, R_CONNECTION_UNPROTECTED);
    }
}

static void what_is_no_address(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "rms.example.org",
                                        "ftp://rms.example.org",
                                        "HTTP://rms.example.org",
                                        "file:///etc/passwd",
                                        "https://",
                                        "http://127.0.0.1@evil.example",
                                        "https://a:b@host",
                                        "https://host?x",
                                        "https://host#x",
                                        "https://ho st",
                                        "http://127.0.0.1:80:80"};
    struct server_address a;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_fails(read_address(wrong[i], true, true, &a), &err, R_PROFILE_INVALID);
    }
}

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(64 * 1024);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_that_are_taken),
        cmocka_unit_test(a_token_goes_without_tls_where_it_may),
        cmocka_unit_test(never_to_others),
        cmocka_unit_test(what_is_no_address),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
