/* SPDX-License-Identifier: Apache-2.0 */
#include "chancery_test.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "obs/log.h"
#include "obs/metrics.h"

/* Write one line through a pipe and read it back. */
static void capture(char *out, size_t cap, void (*write_line)(void))
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    log_to_fd(fds[1]);
    write_line();
    log_to_fd(-1);
    close(fds[1]);
    ssize_t n = read(fds[0], out, cap - 1);
    close(fds[0]);
    out[n < 0 ? 0 : n] = '\0';
}

static void hostile_line(void)
{
    struct log_scope outer = log_scope_enter("rid");
    log_event(LOG_WARNING, "test.event", F_USER("user", "a\"b\\\n\x1b[31m\xc3\xa9"), F_INT("n", -5),
              F_MICROS("took", 1234), F_USER("absent", NULL));
    log_scope_leave(outer);
}

static void strangers_text_is_escaped(void **state)
{
    (void)state;
    char line[4096];
    log_configure(LOG_JSON, LOG_INFO);
    capture(line, sizeof line, hostile_line);
    assert_non_null(strstr(line, "\"user\":\"a\\\"b\\\\\\u000a\\u001b[31m\\u00c3\\u00a9\""));
    assert_non_null(strstr(line, "\"request_id\":\"rid\""));
    assert_non_null(strstr(line, "\"n\":-5,\"took\":1.234}\n"));
    assert_null(strstr(line, "absent"));
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void long_line(void)
{
    static char text[10000];
    memset(text, 'x', sizeof text - 1);
    struct log_field fields[30];
    for (int i = 0; i < 30; i++) {
        fields[i] = F_USER("field", text);
    }
    log_write(LOG_ERROR, "long", fields, 30);
}

static void lines_are_bounded(void **state)
{
    (void)state;
    char line[8192];
    capture(line, sizeof line, long_line);
    assert_in_range(strlen(line), 1000, 3072);
    assert_string_equal(line + strlen(line) - 2, "}\n");
}

static void debug_line(void)
{
    log_event(LOG_DEBUG, "quiet", F_INT("n", 1));
}

static void quiet_levels_write_nothing(void **state)
{
    (void)state;
    char line[64];
    capture(line, sizeof line, debug_line);
    assert_string_equal(line, "");
}

static void metrics_are_prometheus_text(void **state)
{
    (void)state;
    struct err err = {0};
    struct slice text;
    AUTO(arena_free_at) struct arena *arena = arena_new(1 << 20);
    struct buf out;
    metrics_reset();
    metric_add(M_CALLS, "echo", "OK", 2);
    metric_add(M_CONNECTIONS, NULL, NULL, 3);
    metric_observe(M_CALL_SECONDS, "echo", NULL, 40000);
    metric_raise(M_LOOP_TURN_MAX_SECONDS, NULL, NULL, 2500000);
    metric_raise(M_LOOP_TURN_MAX_SECONDS, NULL, NULL, 1000000);
    assert_int_equal(metric_value(M_CALLS, "echo", "OK"), 2);
    buf_init(&out, arena);
    metrics_write(&out);
    buf_add_byte(&out, 0);
    assert_ok(buf_finish(&out, &text, &err), &err);
    const char *all = (const char *)text.ptr;
    assert_non_null(strstr(all, "chancery_calls_total{flow=\"echo\",reason=\"OK\"} 2\n"));
    assert_non_null(strstr(all, "chancery_connections 3\n"));
    assert_non_null(strstr(all, "chancery_loop_turn_max_seconds 0.0025\n"));
    assert_non_null(strstr(all, "chancery_call_seconds_bucket{flow=\"echo\",le=\"3.2e-05\"} 0\n"));
    assert_non_null(strstr(all, "chancery_call_seconds_bucket{flow=\"echo\",le=\"6.4e-05\"} 1\n"));
    assert_non_null(strstr(all, "chancery_call_seconds_count{flow=\"echo\"} 1\n"));
    assert_non_null(strstr(all, "# TYPE chancery_call_seconds histogram\n"));
    metrics_reset();
}

/* --- boards of several processes ----------------------------------------------------------------- */

/* A worker: it counts, and ends without a word. */
static void be_worker(struct metric_boards *boards, size_t index, int64_t calls)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        metric_boards_use(boards, index);
        metric_add(M_CALLS, "echo", "OK", calls);
        metric_add(M_CONNECTIONS, NULL, NULL, calls);
        metric_set(M_CERTIFICATE_EXPIRY, "a \"b\"", NULL, calls * 1000000000);
        metric_raise(M_LOOP_TURN_MAX_SECONDS, NULL, NULL, calls * 1000000);
        metric_observe(M_GATE_BATCH, NULL, NULL, calls);
        _exit(0);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static const char *all_text(struct arena *arena)
{
    struct err err = {0};
    struct slice text;
    struct buf out;
    buf_init(&out, arena);
    metrics_write(&out);
    buf_add_byte(&out, 0);
    assert_ok(buf_finish(&out, &text, &err), &err);
    return (const char *)text.ptr;
}

static void boards_are_one_page(void **state)
{
    (void)state;
    struct err err = {0};
    struct metric_boards *boards;
    AUTO(arena_free_at) struct arena *arena = arena_new(1 << 20);
    assert_ok(metric_boards_new(3, &boards, &err), &err);
    metric_add(M_CALLS, "echo", "OK", 1);
    be_worker(boards, 0, 2);
    be_worker(boards, 1, 40);
    const char *all = all_text(arena);
    assert_non_null(strstr(all, "chancery_calls_total{flow=\"echo\",reason=\"OK\"} 43\n"));
    assert_non_null(strstr(all, "chancery_connections 42\n"));
    assert_non_null(strstr(all, "chancery_loop_turn_max_seconds 0.04\n"));
    assert_non_null(
        strstr(all, "chancery_certificate_expiry_time_seconds{file=\"a \\\"b\\\"\"} 2\n"));
    assert_non_null(strstr(all, "chancery_gate_batch_entries_bucket{le=\"2\"} 1\n"));
    assert_non_null(strstr(all, "chancery_gate_batch_entries_bucket{le=\"+Inf\"} 2\n"));
    assert_non_null(strstr(all, "chancery_gate_batch_entries_sum 42\n"));
}

/* One has gone: what it counted stays, what it held is gone. Its successor goes on. */
static void an_ended_workers_counters_stay(void **state)
{
    (void)state;
    struct err err = {0};
    struct metric_boards *boards;
    AUTO(arena_free_at) struct arena *arena = arena_new(1 << 20);
    assert_ok(metric_boards_new(2, &boards, &err), &err);
    be_worker(boards, 0, 2);
    be_worker(boards, 1, 40);
    metric_boards_left(boards, 0);
    const char *all = all_text(arena);
    assert_non_null(strstr(all, "chancery_calls_total{flow=\"echo\",reason=\"OK\"} 42\n"));
    assert_non_null(strstr(all, "chancery_connections 40\n"));
    assert_non_null(
        strstr(all, "chancery_certificate_expiry_time_seconds{file=\"a \\\"b\\\"\"} 40\n"));
    be_worker(boards, 0, 100);
    all = all_text(arena);
    assert_non_null(strstr(all, "chancery_calls_total{flow=\"echo\",reason=\"OK\"} 142\n"));
    assert_non_null(strstr(all, "chancery_connections 140\n"));
    assert_null(strstr(strstr(all, "} 142\n"), "chancery_calls_total{")); /* one series, not two */
}

/* Whatever labels come, memory is bounded, and nothing that was counted is lost. */
static void series_are_bounded(void **state)
{
    (void)state;
    static char labels[METRIC_SERIES_MAX + 10][8];
    int64_t sum = 0;
    metrics_reset();
    for (int i = 0; i < METRIC_SERIES_MAX + 10; i++) {
        snprintf(labels[i], sizeof labels[i], "%d", i);
        metric_add(M_CALLS, labels[i], "OK", 1);
    }
    metric_add(M_CONNECTIONS, NULL, NULL, 1);
    for (int i = 0; i < METRIC_SERIES_MAX; i++) {
        sum += metric_value(M_CALLS, labels[i], "OK");
    }
    assert_int_equal(sum, METRIC_SERIES_MAX + 11);
    metrics_reset();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_text_is_escaped),
        cmocka_unit_test(lines_are_bounded),
        cmocka_unit_test(quiet_levels_write_nothing),
        cmocka_unit_test(metrics_are_prometheus_text),
        cmocka_unit_test(series_are_bounded),
        cmocka_unit_test(boards_are_one_page),
        cmocka_unit_test(an_ended_workers_counters_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
