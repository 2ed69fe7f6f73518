/* SPDX-License-Identifier: Apache-2.0 */
/* Connection strings in every form, taken apart as libpq means them. */
#include "chancery_test.h"

#include <string.h>

#include "conninfo/conninfo.h"

static struct arena *arena;
static struct err err;
static struct conninfo c;

static int set_up(void **state)
{
    static const char *const variables[] = {"PGHOST",    "PGHOSTADDR", "PGPORT",
                                            "PGSERVICE", "PGOPTIONS",  "PGSERVICEFILE"};
    (void)state;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        unsetenv(variables[i]);
    }
    arena = arena_new(1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void assert_host(size_t index, const char *host, const char *hostaddr, const char *port)
{
    assert_in_range(index, 0, c.host_count - 1);
    assert_string_equal(c.hosts[index].host, host);
    assert_string_equal(c.hosts[index].hostaddr, hostaddr);
    assert_string_equal(c.hosts[index].port, port);
}

static void hosts_stand_one_by_one(void **state)
{
    (void)state;
    assert_ok(conninfo_parse(arena, "dbname=x", &c, &err), &err);
    assert_int_equal(c.host_count, 1);
    assert_host(0, "", "", "5432");
    assert_true(conninfo_is_local(&c.hosts[0]));
    assert_ok(conninfo_parse(arena, "host=a,/run,,b port=1,,3,4", &c, &err), &err);
    assert_int_equal(c.host_count, 4);
    assert_host(0, "a", "", "1");
    assert_host(1, "/run", "", "");
    assert_host(2, "", "", "3");
    assert_host(3, "b", "", "4");
    assert_false(conninfo_is_local(&c.hosts[0]));
    assert_true(conninfo_is_local(&c.hosts[1]));
    assert_true(conninfo_is_local(&c.hosts[2]));
    assert_ok(conninfo_parse(arena, "host=a,b hostaddr=192.0.2.1,::1 port=7", &c, &err), &err);
    assert_host(0, "a", "192.0.2.1", "7");
    assert_host(1, "b", "::1", "7");
    assert_ok(conninfo_parse(arena, "postgresql://u@a:1,[::1]:2/x?connect_timeout=3", &c, &err),
              &err);
    assert_int_equal(c.host_count, 2);
    assert_host(1, "::1", "", "2");
    assert_int_equal(c.connect_timeout_ms, 3000);
    assert_string_equal(conninfo_get(&c, "user"), "u");
    assert_string_equal(conninfo_get(&c, "dbname"), "x");
    assert_string_equal(conninfo_get(&c, "host"), "");
}

static void the_environment_and_services_count(void **state)
{
    (void)state;
    char path[256];
    temporary_path(path, sizeof path, "chancery-services-XXXXXX");
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    fputs("[one]\nhost=s1,s2\noptions=-c a=b\n", file);
    fclose(file);
    setenv("PGHOST", "e", 1);
    setenv("PGSERVICEFILE", path, 1);
    assert_ok(conninfo_parse(arena, "dbname=x", &c, &err), &err);
    assert_host(0, "e", "", "5432");
    assert_ok(conninfo_parse(arena, "service=one port=8", &c, &err), &err);
    assert_int_equal(c.host_count, 2);
    assert_host(1, "s2", "", "8");
    assert_string_equal(conninfo_get(&c, "options"), "-c a=b");
    assert_null(getenv("PGSERVICE"));
    setenv("PGSERVICE", "one", 1);
    assert_ok(conninfo_parse(arena, "host=said", &c, &err), &err);
    assert_host(0, "said", "", "5432");
    assert_string_equal(conninfo_get(&c, "options"), "-c a=b");
    remove(path);
}

static void limits_are_seconds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {{"dbname=x", 0},
                 {"connect_timeout=0", 0},
                 {"connect_timeout=-1", 0},
                 {"connect_timeout=1", 1000},
                 {"connect_timeout=10", 10000}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_ok(conninfo_parse(arena, cases[i].text, &c, &err), &err);
        assert_int_equal(c.connect_timeout_ms, cases[i].ms);
    }
}

static void secrets_are_noticed_whatever_the_form(void **state)
{
    (void)state;
    static const char *const with[] = {
        "password=x",
        "host=a sslpassword = 'x y'",
        "postgresql://u:x@a/b",
        "postgresql://u:@a/b?password=x",
        "postgres://a/b?pass%77ord=x",
        "postgresql:///b?user=u&password=x",
    };
    static const char *const without[] = {
        "dbname=x",
        "application_name='password=x'",
        "options='-c a.password=x'",
        "postgresql://u@a:1/b?application_name=password%3Dx",
        "passfile=/etc/pgpass",
    };
    for (size_t i = 0; i < sizeof with / sizeof with[0]; i++) {
        assert_ok(conninfo_parse(arena, with[i], &c, &err), &err);
        assert_true(c.has_password);
    }
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
        assert_ok(conninfo_parse(arena, without[i], &c, &err), &err);
        assert_false(c.has_password);
    }
}

static void what_libpq_refuses_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "x",
        "host='a",
        "nothing=x",
        "postgresql://a/b?secret",
        "host=a,b port=1,2,3",
        "host=a,b hostaddr=::1",
        "postgresql:///b?a=%",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_fails(conninfo_parse(arena, bad[i], &c, &err), &err, R_CONFIG_INVALID);
        assert_null(strstr(err.detail, "secret"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hosts_stand_one_by_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_environment_and_services_count, set_up, tear_down),
        cmocka_unit_test_setup_teardown(limits_are_seconds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(secrets_are_noticed_whatever_the_form, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_libpq_refuses_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
