/* SPDX-License-Identifier: Apache-2.0 */
#include "chancery_test.h"

#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "loop/loop.h"
#include "obs/metrics.h"

/* What happened, in order, as letters. */
static char story[64];
static size_t told;
static struct loop *loop;

static void tell(char c)
{
    story[told++] = c;
    story[told] = '\0';
}

static struct loop_task task_a, task_b, hook;
static struct loop_timer timer;

static void run_b(struct loop_task *task)
{
    (void)task;
    tell('b');
}

static void run_a(struct loop_task *task)
{
    (void)task;
    tell('a');
    loop_defer(loop, &task_b); /* runs in the same turn, but not inside us */
    loop_defer(loop, &task_b);
    tell('A');
}

static void run_hook(struct loop_task *task)
{
    (void)task;
    tell('h');
}

static void fire(struct loop_timer *t)
{
    (void)t;
    tell('t');
    loop_defer_to_turn_end(loop, &hook);
    loop_defer(loop, &task_a);
    loop_stop(loop);
}

static void a_turn_has_an_order(void **state)
{
    (void)state;
    told = 0;
    loop = loop_new();
    loop_task_init(&task_a, run_a);
    loop_task_init(&task_b, run_b);
    loop_task_init(&hook, run_hook);
    loop_timer_init(&timer, loop, fire);
    struct mono_time before = clock_mono();
    loop_timer_arm(&timer, 20);
    assert_true(loop_timer_is_armed(&timer));
    loop_run(loop);
    assert_string_equal(story, "taAbh");
    assert_true(loop_now(loop).ns - before.ns >= 20 * 1000000);
    loop_timer_fini(&timer);
    loop_free(loop);
}

static void ready(struct loop_fd *fd, bool readable, bool writable)
{
    char c;
    tell(readable ? 'r' : writable ? 'w' : '?');
    if (readable && read(fd->fd, &c, 1) == 1) {
        tell(c);
        loop_fd_fini(fd); /* from its own callback */
        loop_stop(loop);
    }
    if (writable) {
        loop_fd_want(fd, true, false);
        assert_int_equal(write(fd->fd, "x", 1), 1);
    }
}

static void descriptors_and_pokes(void **state)
{
    (void)state;
    int fds[2];
    struct loop_fd one, two;
    told = 0;
    loop = loop_new();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    loop_fd_init(&one, loop, fds[0], ready);
    loop_fd_init(&two, loop, fds[1], ready);
    loop_fd_poke(&two); /* nothing to read yet: the callback must cope */
    loop_fd_want(&two, true, false);
    loop_fd_want(&one, false, true);
    loop_run(loop);
    assert_string_equal(story, "rwrx");
    loop_fd_fini(&one);
    loop_free(loop);
    close(fds[0]);
    close(fds[1]);
}

static void caught(struct loop_signal *s)
{
    tell('s');
    loop_stop(s->loop);
}

static void signals_arrive_on_the_loop(void **state)
{
    (void)state;
    struct loop_signal usr1;
    told = 0;
    loop = loop_new();
    loop_signal_init(&usr1, loop, SIGUSR1, caught);
    raise(SIGUSR1);
    loop_run(loop);
    assert_string_equal(story, "s");
    loop_signal_fini(&usr1);
    loop_free(loop);
}

static void canceled_tasks_do_not_run(void **state)
{
    (void)state;
    told = 0;
    loop = loop_new();
    loop_task_init(&task_b, run_b);
    loop_defer(loop, &task_b);
    assert_true(loop_task_is_pending(&task_b));
    loop_task_cancel(&task_b);
    loop_run(loop); /* returns: nothing to wait for */
    assert_int_equal(told, 0);
    loop_free(loop);
}

/* A turn that works for 30 ms, and one that begins after it. */
static struct loop_task longer, after;
static int64_t spent_before, spent_after, spent_next;
static struct mono_time turn_of_longer;

static void work(struct loop_task *task)
{
    (void)task;
    const struct timespec pause = {.tv_nsec = 30 * 1000000};
    turn_of_longer = loop_now(loop);
    loop_defer_to_next_turn(loop, &after);
    spent_before = loop_turn_ns(loop);
    nanosleep(&pause, NULL);
    spent_after = loop_turn_ns(loop);
    tell('l');
}

static void run_after(struct loop_task *task)
{
    (void)task;
    spent_next = loop_turn_ns(loop);
    assert_true(loop_now(loop).ns >= turn_of_longer.ns + 30 * 1000000);
    tell('n');
    loop_stop(loop);
}

static void a_turn_is_timed_and_can_be_left(void **state)
{
    (void)state;
    told = 0;
    metrics_reset();
    loop = loop_new();
    assert_int_equal(loop_turn_ns(loop), 0);
    loop_task_init(&longer, work);
    loop_task_init(&after, run_after);
    loop_task_init(&hook, run_hook);
    loop_defer(loop, &longer);
    loop_defer_to_turn_end(loop, &hook);
    loop_run(loop);
    assert_string_equal(story, "lhn"); /* the turn ended before the rest went on */
    assert_true(spent_after - spent_before >= 30 * 1000000);
    assert_true(spent_next < spent_after);
    assert_int_equal(loop_turn_ns(loop), 0);
    assert_int_equal(metric_value(M_LOOP_TURN_SECONDS, NULL, NULL), 2);
    assert_true(metric_value(M_LOOP_TURN_MAX_SECONDS, NULL, NULL) >= 30 * 1000000);
    loop_free(loop);
}

static void waiting_is_not_working(void **state)
{
    (void)state;
    told = 0;
    metrics_reset();
    loop = loop_new();
    loop_timer_init(&timer, loop, fire);
    loop_timer_arm(&timer, 60);
    loop_run(loop);
    assert_true(metric_value(M_LOOP_TURN_MAX_SECONDS, NULL, NULL) < 60 * 1000000);
    loop_timer_fini(&timer);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_turn_has_an_order),
        cmocka_unit_test(descriptors_and_pokes),
        cmocka_unit_test(signals_arrive_on_the_loop),
        cmocka_unit_test(canceled_tasks_do_not_run),
        cmocka_unit_test(a_turn_is_timed_and_can_be_left),
        cmocka_unit_test(waiting_is_not_working),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
