/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/supervisor.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "daemon/children.h"
#include "daemon/notify.h"
#include "daemon/version.h"
#include "net/net.h"
#include "obs/log.h"
#include "obs/metrics.h"

enum {
    RESTART_WAIT_MS = 1000, /* a worker is started no more often than this */
    HOPELESS_WAIT_MS = 5000,
    STARVED_WAIT_MS = 15 * 1000,
    TRIAL_MS = 30 * 1000, /* for the first worker of a new configuration to become ready */
    TICK_MS = 1000,
    BUSY_TICK_MS = 50, /* while something is expected to change */
};

struct supervisor {
    const char *path;
    struct children children;
    struct generation *current;
    struct generation *leaving; /* its workers are being replaced; NULL: none */
    struct generation *trial;   /* its first worker must become ready; NULL: none */
    int64_t trial_until;
    int64_t not_before[CONF_WORKERS_MAX];
    bool is_starved[CONF_WORKERS_MAX]; /* it takes no connection before it is ready */
    bool reload_asked;
    bool was_ready;      /* some worker was, once */
    bool was_told_ready; /* systemd was */
    enum reason told;    /* it was told this problem since */
    bool is_ending;
    int exit_code;
};

static unsigned workers_of(const struct generation *g)
{
    return g->conf->workers;
}

static struct child *start(struct supervisor *s, struct generation *g, unsigned index)
{
    struct generation *other =
        g == s->current ? (s->leaving != NULL ? s->leaving : s->trial) : s->current;
    struct err err = {0};
    bool may_rest = g == s->current && s->is_starved[index] && children_any_well(&s->children, g);
    s->is_starved[index] = false;
    s->not_before[index] = children_now() + RESTART_WAIT_MS;
    if (!may_rest && !generation_resume(g, index, &err).ok) {
        log_event(LOG_ERROR, "supervisor.listen_failed", F_FAILURE(&err));
        return NULL;
    }
    return children_start(&s->children, g, other, index);
}

static void dismiss(const struct supervisor *s, struct child *child)
{
    child_dismiss(child, s->current->conf->limits->drain_ms);
}

/* The sockets go first: as long as one is open here, the kernel takes connections in that no worker will. */
static void end_all(struct supervisor *s, int exit_code)
{
    s->is_ending = true;
    s->exit_code = exit_code;
    notify("STOPPING=1");
    generation_deafen(s->current);
    generation_deafen(s->leaving);
    generation_deafen(s->trial);
    for (size_t i = 0; i < CHILDREN_MAX; i++) {
        struct child *child = &s->children.all[i];
        if (child->state == CHILD_STARTING || child->state == CHILD_SERVING) {
            dismiss(s, child);
        }
    }
}

static void kill_all(struct supervisor *s)
{
    for (size_t i = 0; i < CHILDREN_MAX; i++) {
        if (s->children.all[i].state != CHILD_NONE) {
            child_kill(&s->children.all[i], "meant");
        }
    }
}

/* --- a new configuration ---------------------------------------------------------------------- */

static void end_reload(const char *status)
{
    char text[128];
    snprintf(text, sizeof text, "READY=1\nSTATUS=%s", status);
    notify(text);
}

static void end_refused_reload(void)
{
    metric_add(M_RELOADS, "refused", NULL, 1);
    end_reload("serving; the last reload was refused, see the log");
}

static void refuse_trial(struct supervisor *s, const char *why)
{
    struct child *child = children_find(&s->children, s->trial, 0);
    if (child != NULL) {
        child_kill(child, "meant");
        child->state = CHILD_LEAVING;
        child->kill_at = children_now() + KILL_MARGIN_MS;
    }
    log_event(LOG_ERROR, "supervisor.reload_refused", F_STR("what", why),
              F_STR("advice", "All goes on as it was. See the log above, mend it, reload again."));
    generation_close(s->trial);
    s->trial = NULL;
    end_refused_reload();
}

/* From now on it is the one; the workers of the one before go as theirs come. */
static void adopt_trial(struct supervisor *s)
{
    s->leaving = s->current;
    s->current = s->trial;
    s->trial = NULL;
    generation_log(s->current);
    metric_add(M_RELOADS, "ok", NULL, 1);
    log_event(LOG_INFO, "supervisor.reload", F_INT("workers", workers_of(s->current)));
}

static void begin_reload(struct supervisor *s)
{
    char text[64];
    struct err err = {0};
    if (!s->reload_asked || s->trial != NULL || s->leaving != NULL || s->is_ending) {
        return;
    }
    s->reload_asked = false;
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld",
             (long long)clock_mono().ns / 1000);
    notify(text);
    if (!generation_open(s->path, s->current, &s->trial, &err).ok) {
        log_event(LOG_ERROR, "supervisor.reload_refused", F_FAILURE(&err));
        end_refused_reload();
        return;
    }
    s->trial_until = children_now() + TRIAL_MS;
    if (!s->was_ready) {
        adopt_trial(s); /* there is nothing to be lost */
    } else if (start(s, s->trial, 0) == NULL) {
        refuse_trial(s, "no worker can be started");
    }
}

static void try_trial(struct supervisor *s)
{
    if (s->trial == NULL) {
        return;
    }
    const struct child *child = children_find(&s->children, s->trial, 0);
    if (child == NULL) {
        refuse_trial(s, "A worker under the new configuration ended.");
    } else if (child->state == CHILD_SERVING) {
        adopt_trial(s);
    } else if (children_now() >= s->trial_until) {
        refuse_trial(s, "A worker under the new configuration did not become ready in 30 s.");
    }
}

/* Replace workers of the generation before, one at a time. */
static void replace(struct supervisor *s)
{
    for (unsigned i = 0; s->leaving != NULL && i < CONF_WORKERS_MAX; i++) {
        struct child *old = children_find(&s->children, s->leaving, i);
        const struct child *mine = children_find(&s->children, s->current, i);
        if (old == NULL) {
            continue;
        }
        bool is_replaced = i >= workers_of(s->current) || !s->was_ready ||
                           (mine != NULL && mine->state == CHILD_SERVING);
        if (is_replaced) {
            dismiss(s, old);
            continue;
        }
        if (mine == NULL && children_now() >= s->not_before[i]) {
            (void)start(s, s->current, i);
        }
        return;
    }
    if (s->leaving != NULL) {
        generation_close(s->leaving);
        s->leaving = NULL;
        end_reload("serving");
    }
}

/* --- workers that ended ----------------------------------------------------------------------- */

static void worker_ended(struct supervisor *s, const struct child *child, enum child_state was,
                         int status)
{
    bool is_signal = WIFSIGNALED(status);
    int code = is_signal ? WTERMSIG(status) : WEXITSTATUS(status);
    const char *how = child_ended_how(child, was, status);
    bool is_meant = strcmp(how, "meant") == 0;
    metric_add(M_WORKER_ENDS, how, NULL, 1);
    log_event(is_meant ? LOG_INFO : LOG_ERROR, "worker.ended", F_INT("worker", child->index),
              F_STR("by", is_signal ? "signal" : "exit"), F_INT("code", code));
    if (is_signal || code != EXIT_HOPELESS || child->of != s->current || s->is_ending) {
        return;
    }
    if (!s->was_ready) {
        end_all(s, EXIT_HOPELESS); /* the same would happen again */
    } else {
        /* A file that is being renewed, perhaps; the others serve on. */
        generation_rest(s->current, child->index);
        s->not_before[child->index] = children_now() + HOPELESS_WAIT_MS;
    }
}

static void collect(struct supervisor *s)
{
    int status;
    enum child_state was;
    const struct child *child;
    while ((child = children_collect(&s->children, &was, &status)) != NULL) {
        worker_ended(s, child, was, status);
    }
}

/* At the limit of the database's connections some workers get none, and siblings could serve their clients: those
 * are sent there, and the worker tries again later, with its sockets closed until it is ready. */
static void relieve(struct supervisor *s)
{
    bool is_changing = s->trial != NULL || s->leaving != NULL;
    struct child *child = is_changing ? NULL : children_starved(&s->children, s->current);
    if (child == NULL) {
        return;
    }
    enum reason problem = (enum reason)atomic_load(&child->status->problem);
    log_event(LOG_WARNING, "worker.starved", F_INT("worker", child->index),
              F_STR("reason", reason_info(problem)->name),
              F_STR("advice", "The others serve on. Has the database room for all connections? See "
                              "chancery doctor."));
    dismiss(s, child);
    generation_rest(s->current, child->index);
    s->is_starved[child->index] = true;
    s->not_before[child->index] = children_now() + STARVED_WAIT_MS;
}

static void start_missing(struct supervisor *s)
{
    for (unsigned i = 0; !s->is_ending && i < workers_of(s->current); i++) {
        bool is_there = children_find(&s->children, s->current, i) != NULL ||
                        (s->leaving != NULL && children_find(&s->children, s->leaving, i) != NULL);
        if (!is_there && children_now() >= s->not_before[i]) {
            (void)start(s, s->current, i);
        }
    }
}

/* --- the loop --------------------------------------------------------------------------------- */

static bool all_serve(struct supervisor *s)
{
    for (unsigned i = 0; i < workers_of(s->current); i++) {
        const struct child *child = children_find(&s->children, s->current, i);
        if (child == NULL || child->state != CHILD_SERVING) {
            return false;
        }
    }
    return true;
}

/* READY can't be taken back, so `systemctl status` shows it in words. */
static void tell_problem(struct supervisor *s)
{
    char text[160];
    enum reason problem = children_problem(&s->children);
    if (!s->was_told_ready || problem == s->told) {
        return;
    }
    s->told = problem;
    snprintf(text, sizeof text, "STATUS=%s%s", problem == R_NONE ? "serving" : "not ready: ",
             problem == R_NONE ? "" : reason_info(problem)->name);
    notify(text);
}

/* Until all are ready once, systemd is asked for more time: the database may be away for longer than it
 * waits. */
static void tell_systemd(struct supervisor *s, bool all)
{
    if (s->is_ending) {
        return;
    }
    notify("WATCHDOG=1");
    tell_problem(s);
    if (all && !s->was_told_ready) {
        s->was_told_ready = true;
        notify("READY=1\nSTATUS=serving");
    } else if (!s->was_told_ready) {
        notify("EXTEND_TIMEOUT_USEC=15000000\nSTATUS=waiting for workers to become ready");
    }
}

static void tend(struct supervisor *s)
{
    net_tickets_rotate(s->children.tickets, clock_mono(), s->current->conf->connections->ticket_ms);
    collect(s);
    s->was_ready = children_watch(&s->children) || s->was_ready;
    if (!s->is_ending) {
        try_trial(s);
        replace(s);
        relieve(s);
        start_missing(s);
        begin_reload(s);
    }
}

static void take_signal(struct supervisor *s, int number)
{
    if (number == SIGHUP) {
        s->reload_asked = true;
    } else if ((number == SIGTERM || number == SIGINT) && !s->is_ending) {
        end_all(s, 0);
    } else if (number == SIGTERM || number == SIGINT) {
        kill_all(s);
    }
}

static void run(struct supervisor *s, const sigset_t *signals)
{
    while (!s->is_ending || children_any(&s->children)) {
        tend(s);
        bool all = all_serve(s);
        bool is_busy = !all || s->trial != NULL || s->leaving != NULL || s->is_ending;
        int64_t ms = is_busy ? BUSY_TICK_MS : TICK_MS;
        struct timespec timeout = {ms / 1000, ms % 1000 * 1000000};
        tell_systemd(s, all);
        take_signal(s, sigtimedwait(signals, NULL, &timeout));
    }
}

/* A counter that comes into being with its first event has not grown, as far as an alert can tell. */
static void begin_counters(void)
{
    static const char *const ends[] = {"meant", "exit", "signal", "hung", "late"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        metric_add(M_WORKER_ENDS, ends[i], NULL, 0);
    }
    metric_add(M_RELOADS, "ok", NULL, 0);
    metric_add(M_RELOADS, "refused", NULL, 0);
    metric_add(M_DB_HISTORY_CHANGES, "timeline", NULL, 0);
    metric_add(M_DB_HISTORY_CHANGES, "lost", NULL, 0);
    metric_add(M_ACCEPT_FAILURES, NULL, NULL, 0);
    metric_add(M_LOG_LOST, NULL, NULL, 0);
    metric_add(M_PASSCODE_MAILS, "refused", NULL, 0);
    metric_add(M_PASSCODE_MAILS, "expired", NULL, 0);
}

static rc prepare(struct supervisor *s, struct err *err)
{
    TRY(children_init(&s->children, err));
    begin_counters();
    metric_set(M_BUILD_INFO, CHANCERY_VERSION, NULL, 1);
    metric_set(M_START_SECONDS, NULL, NULL, clock_unix_us() * 1000);
    return generation_open(s->path, NULL, &s->current, err); /* fails now and not in a worker */
}

int supervisor_run(const char *conf_path)
{
    static struct supervisor s;
    struct err err = {0};
    sigset_t signals;
    s.path = conf_path;
    log_open();
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (!prepare(&s, &err).ok) {
        log_event(LOG_ERROR, "supervisor.start_failed", F_FAILURE(&err));
        return EXIT_HOPELESS;
    }
    run(&s, &signals);
    generation_close(s.trial);
    generation_close(s.leaving);
    generation_close(s.current);
    return s.exit_code;
}
