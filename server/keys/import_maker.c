/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/import_maker.h"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "crypto/key_import.h"

/* What loop and thread share; whoever goes last frees it. */
struct making {
    pthread_mutex_t lock;
    bool is_left; /* by the loop */
    bool is_done; /* the thread is */
    struct secret *key;
    int event_fd; /* the thread tells the loop */
};

struct import_maker {
    struct making *making;
    struct loop_fd watch;
    void (*made)(void *user, struct secret *key);
    void *user;
};

static void free_making(struct making *m)
{
    secret_free(m->key);
    close(m->event_fd);
    pthread_mutex_destroy(&m->lock);
    xfree(m);
}

/* --- the thread ------------------------------------------------------------------------------- */

static void *run(void *arg)
{
    struct making *m = arg;
    const uint64_t one = 1;
    struct secret *key = NULL;
    bool is_made = import_key_make(&key, NULL).ok;
    pthread_mutex_lock(&m->lock);
    m->key = is_made ? key : NULL;
    m->is_done = true;
    bool is_left = m->is_left;
    bool is_told = write(m->event_fd, &one, sizeof one) == sizeof one;
    CH_ASSERT(is_told); /* an eventfd takes its first count */
    pthread_mutex_unlock(&m->lock);
    if (is_left) {
        free_making(m);
    }
    return NULL;
}

/* Signals are the loop's. */
static bool start(struct making *m)
{
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = pthread_create(&thread, NULL, run, m) == 0 && pthread_detach(thread) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok;
}

/* --- the loop --------------------------------------------------------------------------------- */

static struct secret *take(struct making *m)
{
    pthread_mutex_lock(&m->lock);
    struct secret *key = m->key;
    m->key = NULL;
    pthread_mutex_unlock(&m->lock);
    return key;
}

static void free_maker(struct import_maker *maker)
{
    struct making *m = maker->making;
    loop_fd_fini(&maker->watch);
    pthread_mutex_lock(&m->lock);
    m->is_left = true;
    bool is_done = m->is_done;
    pthread_mutex_unlock(&m->lock);
    if (is_done) {
        free_making(m);
    }
    xfree(maker);
}

static void ready(struct loop_fd *watch, bool readable, bool writable)
{
    struct import_maker *maker = LIST_ENTRY(watch, struct import_maker, watch);
    void (*made)(void *user, struct secret *key) = maker->made;
    void *user = maker->user;
    (void)readable;
    (void)writable;
    struct secret *key = take(maker->making);
    free_maker(maker);
    made(user, key);
}

rc import_maker_start(struct loop *loop, void (*made)(void *user, struct secret *key), void *user,
                      struct import_maker **out, struct err *err)
{
    struct making *m = xcalloc(1, sizeof *m);
    pthread_mutex_init(&m->lock, NULL);
    m->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (m->event_fd < 0 || !start(m)) {
        free_making(m);
        FAIL(err, R_OVERLOADED, "no thread for an import key");
    }
    struct import_maker *maker = xcalloc(1, sizeof *maker);
    *maker = (struct import_maker){.making = m, .made = made, .user = user};
    loop_fd_init(&maker->watch, loop, m->event_fd, ready);
    loop_fd_want(&maker->watch, true, false);
    *out = maker;
    return OK;
}

void import_maker_cancel(struct import_maker *maker)
{
    free_maker(maker);
}
