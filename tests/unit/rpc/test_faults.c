/* SPDX-License-Identifier: Apache-2.0 */
/* The fault points that the cancel and crash matrices use (server/rpc/fault.c). */
#include "toy.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DELAY_MS = 30, LATER_MS = 90 };

static int tear_down(void **state)
{
    (void)unsetenv("CHANCERY_FAULT");
    (void)unsetenv("CHANCERY_FAULT_FILE");
    return toy_tear_down(state);
}

static void wish(const char *fault)
{
    assert_int_equal(setenv("CHANCERY_FAULT", fault, 1), 0);
}

static void a_row_is_delayed_once(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    wish("toy:f2:delay=30");
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_story("a1 a2 a3 f1");
    toy_run_ms(LATER_MS);
    assert_story("f2 f3 f4");
    assert_served(s);
}

static void a_row_of_a_subflow_is_delayed_by_its_name(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    wish("toy:side.s2:delay=30");
    toy.on[A2] = toy_enters;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_story("a1 a2 s1");
    toy_run_ms(LATER_MS);
    assert_story("s2 s3 a3 f1 f2 f3 f4");
    assert_served(s);
}

static void others_are_not_delayed(void **state)
{
    (void)state;
    static const char *const wishes[] = {"toy_plain:f2:delay=30", "toy:s2:delay=30", "toy:f2",
                                         "toy:f2:dance", ""};
    toy_serve(&TOY_FLOW);
    toy.on[F1] = toy_enters;
    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
        wish(wishes[i]);
        assert_served(toy_ask(&TOY_FLOW));
    }
}

static void a_delay_ends_with_its_call(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    wish("toy:f2:delay=30");
    struct net_stream *s = toy_ask(&TOY_FLOW);
    fake_net_close(s);
    assert_int_equal(rpc_calls_active(toy.rpc), 0);
    toy_run_ms(LATER_MS);
    assert_story("a1 a2 a3 f1");
    wish("toy:knock.a3:delay=60000");
    struct net_request request = fake_net_request(TOY_FLOW.method);
    request.timeout_ms = DELAY_MS;
    s = toy_open_with(&request);
    toy_run_ms(LATER_MS);
    assert_refused(s, R_DEADLINE_EXCEEDED);
}

/* A delay before a commit ends with the call: it has not begun. */
static void a_delay_before_the_commit_is_before_it(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    wish("toy:f3:delay=30");
    struct net_stream *s = toy_ask(&TOY_FLOW);
    fake_net_close(s);
    assert_logged(s, "\"reason\":\"CANCELLED\"");
    assert_story("a1 a2 a3 f1 f2");
}

static void a_file_may_say_it_and_change_its_mind(void **state)
{
    (void)state;
    char path[256];
    temporary_path(path, sizeof path, "chancery-fault-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    toy_serve(&TOY_FLOW);
    wish("toy:f1:delay=60000"); /* not looked at while the file is there */
    assert_int_equal(setenv("CHANCERY_FAULT_FILE", path, 1), 0);
    assert_served(toy_ask(&TOY_FLOW));
    assert_int_equal(write(fd, "toy:f2:delay=30\n", 16), 16);
    close(fd);
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_unanswered(s);
    toy_run_ms(LATER_MS);
    assert_served(s);
    assert_int_equal(unlink(path), 0);
    s = toy_ask(&TOY_FLOW);
    assert_unanswered(s);
}

static void a_process_may_be_killed_before_a_row(void **state)
{
    (void)state;
    int status = 0;
    toy_serve(&TOY_FLOW);
    wish("toy:f3:kill");
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)toy_ask(&TOY_FLOW);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, toy_set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_row_is_delayed_once),
        TEST(a_row_of_a_subflow_is_delayed_by_its_name),
        TEST(others_are_not_delayed),
        TEST(a_delay_ends_with_its_call),
        TEST(a_delay_before_the_commit_is_before_it),
        TEST(a_file_may_say_it_and_change_its_mind),
        TEST(a_process_may_be_killed_before_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
