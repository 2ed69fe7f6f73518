/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include <glib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "wiped.h"

struct pool {
    GThread **threads; /* joined at the end, so that what libraries keep for them is freed */
    long thread_count, waiting;
    bool is_stopped;
    GAsyncQueue *tasks;    /* that wait for a thread */
    GAsyncQueue *finished; /* whose work is done */
    struct event *event;   /* of `wake` */
    int wake;              /* eventfd: there is something in `finished` */
};

struct task {
    void (*work)(void *); /* NULL: the thread ends */
    void (*done)(void *);
    void *arg;
};

static void *on_thread(void *arg)
{
    const struct pool *pool = arg;
    struct task *task = g_async_queue_pop(pool->tasks);
    for (; task->work != NULL; task = g_async_queue_pop(pool->tasks)) {
        task->work(task->arg);
        wipe_stack();
        g_async_queue_push(pool->finished, task);
        (void)eventfd_write(pool->wake, 1); /* it can't be full: the loop resets it */
    }
    g_free(task);
    return NULL;
}

static void finish(struct pool *pool)
{
    struct task *task;
    while ((task = g_async_queue_try_pop(pool->finished)) != NULL) {
        task->done(task->arg);
        g_free(task);
    }
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    eventfd_t count;
    (void)what;
    (void)eventfd_read((int)fd, &count);
    finish(arg);
}

struct pool *pool_new(struct event_base *base, long threads, long waiting)
{
    struct pool *pool = g_new0(struct pool, 1);
    pool->waiting = waiting;
    pool->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    pool->tasks = g_async_queue_new();
    pool->finished = g_async_queue_new();
    pool->threads = g_new0(GThread *, threads);
    pool->event = event_new(base, pool->wake, EV_READ | EV_PERSIST, on_wake, pool);
    bool ok = pool->wake >= 0 && pool->event != NULL && event_add(pool->event, NULL) == 0;
    while (ok && pool->thread_count < threads) {
        GThread *thread = g_thread_try_new("work", on_thread, pool, NULL);
        ok = thread != NULL;
        pool->threads[pool->thread_count] = thread;
        pool->thread_count += ok ? 1 : 0;
    }
    if (!ok) {
        pool_stop(pool);
        pool_free(pool);
        return NULL;
    }
    return pool;
}

void pool_stop(struct pool *pool)
{
    if (pool == NULL) {
        return;
    }
    pool->is_stopped = true;
    for (long i = 0; i < pool->thread_count; i++) {
        g_async_queue_push(pool->tasks, g_new0(struct task, 1));
    }
    for (long i = 0; i < pool->thread_count; i++) {
        (void)g_thread_join(pool->threads[i]);
    }
    finish(pool);
}

void pool_free(struct pool *pool)
{
    if (pool == NULL) {
        return;
    }
    g_async_queue_unref(pool->tasks);
    g_async_queue_unref(pool->finished);
    if (pool->event != NULL) {
        event_free(pool->event);
    }
    if (pool->wake >= 0) {
        close(pool->wake);
    }
    g_free(pool->threads);
    g_free(pool);
}

bool pool_run(struct pool *pool, void (*work)(void *), void (*done)(void *), void *arg)
{
    if (pool->is_stopped || g_async_queue_length(pool->tasks) >= pool->waiting) {
        return false;
    }
    struct task *task = g_new(struct task, 1);
    *task = (struct task){work, done, arg};
    g_async_queue_push(pool->tasks, task);
    return true;
}
