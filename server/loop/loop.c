/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop.h"

#include <stdlib.h>

#include <event2/event.h>

#include "base/mem.h"
#include "obs/metrics.h"

struct loop {
    struct event_base *base;
    struct event *wakeup; /* makes the base return when tasks wait but no descriptor does */
    struct list tasks;
    struct list turn_end;
    struct list next_turn;
    struct mono_time now; /* when the present turn began: the poll returned */
    int64_t unix_us;
    bool is_in_turn;
    bool stopping;
};

/* libevent's failures here are out of memory or a broken kernel interface: not to be survived. */
static struct event *event_or_abort(struct event *event)
{
    if (event == NULL) {
        abort();
    }
    return event;
}

static void add_or_abort(struct event *event, const struct timeval *timeout)
{
    if (event_add(event, timeout) != 0) {
        abort();
    }
}

/* The first callback after the poll begins the turn: libevent 2.1 has no hook there. */
static void begin_turn(struct loop *loop)
{
    if (!loop->is_in_turn) {
        loop->is_in_turn = true;
        loop->now = clock_mono();
        loop->unix_us = clock_unix_us();
    }
}

static void on_wakeup(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
}

struct loop *loop_new(void)
{
    struct loop *loop = xcalloc(1, sizeof *loop);
    struct event_config *config = event_config_new();
    if (config == NULL) {
        abort();
    }
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
    loop->base = event_base_new_with_config(config);
    event_config_free(config);
    if (loop->base == NULL) {
        abort();
    }
    loop->wakeup = event_or_abort(event_new(loop->base, -1, 0, on_wakeup, NULL));
    list_init(&loop->tasks);
    list_init(&loop->turn_end);
    list_init(&loop->next_turn);
    loop->now = clock_mono();
    loop->unix_us = clock_unix_us();
    return loop;
}

void loop_free(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    event_free(loop->wakeup);
    event_base_free(loop->base);
    xfree(loop);
}

static void run_list(struct list *tasks)
{
    struct list *link;
    while ((link = list_pop(tasks)) != NULL) {
        struct loop_task *task = LIST_ENTRY(link, struct loop_task, link);
        task->run(task);
    }
}

static void move_all(struct list *from, struct list *to)
{
    struct list *link;
    while ((link = list_pop(from)) != NULL) {
        list_append(to, link);
    }
}

static void end_turn(struct loop *loop)
{
    begin_turn(loop); /* of a turn without any callback of ours */
    move_all(&loop->next_turn, &loop->tasks);
    run_list(&loop->tasks);
    /* Hooks see everything that the turn produced; what they defer runs in the next turn. */
    struct list hooks;
    list_init(&hooks);
    move_all(&loop->turn_end, &hooks);
    run_list(&hooks);
    int64_t spent = loop_turn_ns(loop);
    metric_observe(M_LOOP_TURN_SECONDS, NULL, NULL, spent);
    metric_raise(M_LOOP_TURN_MAX_SECONDS, NULL, NULL, spent);
    loop->is_in_turn = false;
}

static bool has_work(const struct loop *loop)
{
    return !list_is_empty(&loop->tasks) || !list_is_empty(&loop->turn_end) ||
           !list_is_empty(&loop->next_turn);
}

void loop_run(struct loop *loop)
{
    loop->stopping = false;
    end_turn(loop);
    while (!loop->stopping) {
        if (has_work(loop)) {
            event_active(loop->wakeup, 0, 0);
        }
        if (event_base_loop(loop->base, EVLOOP_ONCE) != 0) {
            return; /* nothing to wait for any more */
        }
        end_turn(loop);
    }
}

void loop_stop(struct loop *loop)
{
    loop->stopping = true;
    event_active(loop->wakeup, 0, 0);
}

struct mono_time loop_now(const struct loop *loop)
{
    return loop->now;
}

int64_t loop_unix_us(const struct loop *loop)
{
    return loop->unix_us;
}

int64_t loop_turn_ns(const struct loop *loop)
{
    return loop->is_in_turn ? clock_mono().ns - loop->now.ns : 0;
}

/* --- deferred calls ------------------------------------------------------------------------- */

void loop_task_init(struct loop_task *task, void (*run)(struct loop_task *task))
{
    list_init(&task->link);
    task->run = run;
}

void loop_defer(struct loop *loop, struct loop_task *task)
{
    if (list_is_empty(&task->link)) {
        list_append(&loop->tasks, &task->link);
    }
}

void loop_defer_to_turn_end(struct loop *loop, struct loop_task *task)
{
    if (list_is_empty(&task->link)) {
        list_append(&loop->turn_end, &task->link);
    }
}

void loop_defer_to_next_turn(struct loop *loop, struct loop_task *task)
{
    if (list_is_empty(&task->link)) {
        list_append(&loop->next_turn, &task->link);
    }
}

void loop_task_cancel(struct loop_task *task)
{
    list_remove(&task->link);
}

bool loop_task_is_pending(const struct loop_task *task)
{
    return !list_is_empty(&task->link);
}

/* --- timers --------------------------------------------------------------------------------- */

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct loop_timer *timer = arg;
    begin_turn(timer->loop);
    timer->fire(timer);
}

void loop_timer_init(struct loop_timer *timer, struct loop *loop,
                     void (*fire)(struct loop_timer *timer))
{
    timer->loop = loop;
    timer->fire = fire;
    timer->event = event_or_abort(evtimer_new(loop->base, on_timer, timer));
}

void loop_timer_arm(struct loop_timer *timer, int64_t ms)
{
    const struct timeval delay = {.tv_sec = (time_t)(ms / 1000),
                                  .tv_usec = (suseconds_t)(ms % 1000 * 1000)};
    add_or_abort(timer->event, &delay);
}

void loop_timer_cancel(struct loop_timer *timer)
{
    if (timer->event != NULL) {
        event_del(timer->event);
    }
}

bool loop_timer_is_armed(const struct loop_timer *timer)
{
    return timer->event != NULL && evtimer_pending(timer->event, NULL) != 0;
}

void loop_timer_fini(struct loop_timer *timer)
{
    if (timer->event != NULL) {
        event_free(timer->event);
        timer->event = NULL;
    }
}

/* --- descriptors ---------------------------------------------------------------------------- */

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    struct loop_fd *watch = arg;
    begin_turn(watch->loop);
    watch->ready(watch, (what & EV_READ) != 0, (what & EV_WRITE) != 0);
}

static void on_poke(struct loop_task *task)
{
    struct loop_fd *watch = LIST_ENTRY(task, struct loop_fd, poke);
    watch->ready(watch, true, false);
}

void loop_fd_init(struct loop_fd *watch, struct loop *loop, int fd,
                  void (*ready)(struct loop_fd *fd, bool readable, bool writable))
{
    watch->loop = loop;
    watch->ready = ready;
    watch->fd = fd;
    watch->wants_read = watch->wants_write = false;
    loop_task_init(&watch->poke, on_poke);
    watch->read_event =
        event_or_abort(event_new(loop->base, fd, EV_READ | EV_PERSIST, on_ready, watch));
    watch->write_event =
        event_or_abort(event_new(loop->base, fd, EV_WRITE | EV_PERSIST, on_ready, watch));
}

/* Cheaper than event_pending, and not misled by an event that is active but not added. */
static void enable(struct event *event, bool wanted, bool *enabled)
{
    if (wanted && !*enabled) {
        add_or_abort(event, NULL);
    } else if (!wanted && *enabled) {
        event_del(event);
    }
    *enabled = wanted;
}

void loop_fd_want(struct loop_fd *watch, bool readable, bool writable)
{
    enable(watch->read_event, readable, &watch->wants_read);
    enable(watch->write_event, writable, &watch->wants_write);
}

void loop_fd_poke(struct loop_fd *watch)
{
    loop_defer_to_turn_end(watch->loop, &watch->poke);
}

void loop_fd_fini(struct loop_fd *watch)
{
    if (watch->read_event != NULL) {
        loop_task_cancel(&watch->poke);
        event_free(watch->read_event);
        event_free(watch->write_event);
        watch->read_event = watch->write_event = NULL;
    }
}

/* --- signals -------------------------------------------------------------------------------- */

static void on_signal(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct loop_signal *signal = arg;
    begin_turn(signal->loop);
    signal->caught(signal);
}

void loop_signal_init(struct loop_signal *signal, struct loop *loop, int number,
                      void (*caught)(struct loop_signal *signal))
{
    signal->loop = loop;
    signal->caught = caught;
    signal->number = number;
    signal->event = event_or_abort(evsignal_new(loop->base, number, on_signal, signal));
    add_or_abort(signal->event, NULL);
}

void loop_signal_fini(struct loop_signal *signal)
{
    if (signal->event != NULL) {
        event_free(signal->event);
        signal->event = NULL;
    }
}
