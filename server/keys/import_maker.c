/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/import_maker.h"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "crypto/key_import.h"

struct import_maker {
    pthread_t thread; /* never outlives this: what it uses goes with the process's cryptography */
    atomic_bool is_left; /* by the loop: the thread ends soon */
    struct secret *key;  /* the thread's, until it has ended; NULL: none could be made */
    int event_fd;        /* the thread tells the loop that it ends */
    struct loop_fd watch;
    void (*made)(void *user, struct secret *key);
    void *user;
};

/* --- the thread ------------------------------------------------------------------------------- */

static void *run(void *arg)
{
    struct import_maker *maker = arg;
    const uint64_t one = 1;
    if (!import_key_make(&maker->is_left, &maker->key, NULL).ok) {
        maker->key = NULL;
    }
    bool is_told = write(maker->event_fd, &one, sizeof one) == sizeof one;
    CH_ASSERT(is_told); /* an eventfd takes its first count */
    return NULL;
}

/* Signals are the loop's. */
static bool start(struct import_maker *maker)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = pthread_create(&maker->thread, NULL, run, maker) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok;
}

/* --- the loop --------------------------------------------------------------------------------- */

static void free_maker(struct import_maker *maker)
{
    if (maker->event_fd >= 0) {
        close(maker->event_fd);
    }
    xfree(maker);
}

/* Wait for the thread's end, and take what it has made. */
static struct secret *finish(struct import_maker *maker)
{
    loop_fd_fini(&maker->watch);
    bool has_ended = pthread_join(maker->thread, NULL) == 0;
    CH_ASSERT(has_ended);
    struct secret *key = maker->key;
    free_maker(maker);
    return key;
}

static void ready(struct loop_fd *watch, bool readable, bool writable)
{
    struct import_maker *maker = LIST_ENTRY(watch, struct import_maker, watch);
    void (*made)(void *user, struct secret *key) = maker->made;
    void *user = maker->user;
    (void)readable;
    (void)writable;
    made(user, finish(maker));
}

rc import_maker_start(struct loop *loop, void (*made)(void *user, struct secret *key), void *user,
                      struct import_maker **out, struct err *err)
{
    struct import_maker *maker = xcalloc(1, sizeof *maker);
    maker->made = made;
    maker->user = user;
    maker->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (maker->event_fd < 0 || !start(maker)) {
        free_maker(maker);
        FAIL(err, R_OVERLOADED, "no thread for an import key");
    }
    loop_fd_init(&maker->watch, loop, maker->event_fd, ready);
    loop_fd_want(&maker->watch, true, false);
    *out = maker;
    return OK;
}

void import_maker_cancel(struct import_maker *maker)
{
    atomic_store(&maker->is_left, true);
    secret_free(finish(maker));
}
