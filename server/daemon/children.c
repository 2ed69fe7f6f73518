/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/children.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/net.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "store/pg/store.h"

int64_t children_now(void)
{
    return clock_mono().ns / 1000000;
}

rc children_init(struct children *children, struct err *err)
{
    void *shared = mmap(NULL, CHILDREN_MAX * sizeof children->statuses[0], PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ENSURE(shared != MAP_FAILED, err, R_STARTUP_FAILED);
    children->statuses = shared;
    TRY(metric_boards_new(CHILDREN_MAX, &children->metrics, err));
    TRY(store_timelines_new(&children->timelines, err));
    return net_tickets_new(&children->tickets, err);
}

/* --- starting ------------------------------------------------------------------------------- */

static void be_worker(const struct children *children, struct generation *g,
                      struct generation *other, struct child *child, pid_t parent)
{
    sigset_t none;
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) {
        _exit(0); /* the supervisor died between fork and prctl */
    }
    signal(SIGINT, SIG_IGN); /* of a terminal: the supervisor tells us by SIGTERM */
    signal(SIGHUP, SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    metric_boards_use(children->metrics, (size_t)(child - children->all));
    generation_close_others(g, g->sockets[child->index]);
    generation_leave(other);
    generation_log(g);
    const struct worker_shared shared = {
        .tickets = children->tickets, .timelines = children->timelines, .status = child->status};
    exit(worker_run(g, &shared, child->index));
}

static struct child *find_free(struct children *children)
{
    for (size_t i = 0; i < CHILDREN_MAX; i++) {
        if (children->all[i].state == CHILD_NONE) {
            children->all[i].status = &children->statuses[i];
            return &children->all[i];
        }
    }
    return NULL;
}

struct child *children_start(struct children *children, struct generation *g,
                             struct generation *other, unsigned index)
{
    struct child *child = find_free(children);
    if (child == NULL) {
        return NULL;
    }
    child->index = index;
    child->of = g;
    child->killed_as = NULL;
    child->started = child->unwell_since = children_now();
    atomic_store(&child->status->beat_ms, child->started);
    atomic_store(&child->status->is_ready, false);
    atomic_store(&child->status->problem, R_NONE);
    fflush(NULL);
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        be_worker(children, g, other, child, parent);
    }
    if (pid < 0) {
        log_event(LOG_ERROR, "supervisor.fork_failed", F_STR("why", strerrorname_np(errno)));
        return NULL;
    }
    child->pid = pid;
    child->state = CHILD_STARTING;
    return child;
}

/* --- watching ------------------------------------------------------------------------------- */

void child_kill(struct child *child, const char *as)
{
    child->killed_as = child->killed_as != NULL ? child->killed_as : as;
    (void)kill(child->pid, SIGKILL);
}

void child_dismiss(struct child *child, int64_t drain_ms)
{
    child->state = CHILD_LEAVING;
    child->kill_at = children_now() + drain_ms + KILL_MARGIN_MS;
    (void)kill(child->pid, SIGTERM);
}

static void kill_for(struct child *child, const char *event, const char *as, int64_t now)
{
    log_event(LOG_ERROR, event, F_INT("worker", child->index), F_INT("pid", child->pid));
    child_kill(child, as);
    child->state = CHILD_LEAVING;
    child->kill_at = now + KILL_MARGIN_MS;
}

static void note_health(struct child *child, int64_t now)
{
    bool is_well = child->state == CHILD_SERVING &&
                   (enum reason)atomic_load(&child->status->problem) == R_NONE;
    child->unwell_since = is_well ? 0 : child->unwell_since == 0 ? now : child->unwell_since;
}

static void count_states(const struct children *children)
{
    static const char *const names[] = {
        [CHILD_STARTING] = "starting", [CHILD_SERVING] = "serving", [CHILD_LEAVING] = "leaving"};
    int64_t counts[CHILD_LEAVING + 1] = {0};
    for (size_t i = 0; i < CHILDREN_MAX; i++) {
        counts[children->all[i].state]++;
    }
    for (enum child_state state = CHILD_STARTING; state <= CHILD_LEAVING; state++) {
        metric_set(M_WORKERS, names[state], NULL, counts[state]);
    }
}

bool children_watch(struct children *children)
{
    int64_t now = children_now();
    bool any = false;
    for (size_t i = 0; i < CHILDREN_MAX; i++) {
        struct child *child = &children->all[i];
        if (child->state == CHILD_NONE) {
            continue;
        }
        if (child->state == CHILD_STARTING && atomic_load(&child->status->is_ready)) {
            child->state = CHILD_SERVING;
            any = true;
        }
        note_health(child, now);
        if (child->state == CHILD_LEAVING && now >= child->kill_at) {
            kill_for(child, "worker.killed", "late", now);
        } else if (child->state != CHILD_LEAVING &&
                   now - atomic_load(&child->status->beat_ms) > HUNG_MS) {
            kill_for(child, "worker.hung", "hung", now);
        }
    }
    count_states(children);
    return any;
}

struct child *children_collect(struct children *children, enum child_state *was, int *status)
{
    pid_t pid;
    while ((pid = waitpid(-1, status, WNOHANG)) > 0) {
        for (size_t i = 0; i < CHILDREN_MAX; i++) {
            struct child *child = &children->all[i];
            if (child->state != CHILD_NONE && child->pid == pid) {
                *was = child->state;
                metric_boards_left(children->metrics, i);
                child->state = CHILD_NONE;
                return child;
            }
        }
    }
    return NULL;
}

const char *child_ended_how(const struct child *child, enum child_state was, int status)
{
    bool was_told = was == CHILD_LEAVING;
    if (!WIFSIGNALED(status)) {
        return was_told && WEXITSTATUS(status) == 0 ? "meant" : "exit";
    }
    if (WTERMSIG(status) == SIGKILL && child->killed_as != NULL) {
        return child->killed_as;
    }
    return was_told && WTERMSIG(status) == SIGTERM ? "meant" : "signal";
}

enum reason children_problem(const struct children *children)
{
    enum reason problem = R_NONE;
    for (size_t i = 0; i < CHILDREN_MAX && problem == R_NONE; i++) {
        const struct child *child = &children->all[i];
        if (child->state == CHILD_SERVING) {
            problem = (enum reason)atomic_load(&child->status->problem);
        }
    }
    return problem;
}

static bool is_there(const struct child *child, const struct generation *g)
{
    return (child->state == CHILD_STARTING || child->state == CHILD_SERVING) && child->of == g;
}

bool children_any_well(const struct children *children, const struct generation *g)
{
    for (size_t i = 0; i < CHILDREN_MAX; i++) {
        if (is_there(&children->all[i], g) && children->all[i].unwell_since == 0) {
            return true;
        }
    }
    return false;
}

/* If none is well, they may have the connections that one needs between them: the last one gives up its own,
 * and the first one never. A root key that one misses is not in the siblings' configuration either: they will hear soon. */
static bool is_starved(const struct child *child, bool any_well)
{
    enum reason problem = (enum reason)atomic_load(&child->status->problem);
    if (child->unwell_since == 0 || children_now() - child->unwell_since < STARVED_MS ||
        problem == R_ROOT_KEY_MISSING) {
        return false;
    }
    return any_well || (child->index > 0 && problem == R_DATABASE_CROWDED);
}

struct child *children_starved(struct children *children, const struct generation *g)
{
    struct child *last = NULL;
    bool any_well = children_any_well(children, g);
    for (size_t i = 0; i < CHILDREN_MAX; i++) {
        struct child *child = &children->all[i];
        if (is_there(child, g) && is_starved(child, any_well) &&
            (last == NULL || child->index > last->index)) {
            last = child;
        }
    }
    return last;
}

bool children_any(const struct children *children)
{
    for (size_t i = 0; i < CHILDREN_MAX; i++) {
        if (children->all[i].state != CHILD_NONE) {
            return true;
        }
    }
    return false;
}

struct child *children_find(struct children *children, const struct generation *g, unsigned index)
{
    for (size_t i = 0; i < CHILDREN_MAX; i++) {
        struct child *child = &children->all[i];
        if (is_there(child, g) && child->index == index) {
            return child;
        }
    }
    return NULL;
}
