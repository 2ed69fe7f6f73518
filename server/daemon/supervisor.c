/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/worker.h"
#include "keys/keys.h"
#include "net/net.h"
#include "obs/log.h"

enum { RESTART_WAIT_MS = 1000, CONF_BUDGET = 4 * 1024 * 1024 };

struct child {
    pid_t pid;       /* 0: not running */
    int64_t started; /* monotonic milliseconds */
    int sockets[CONF_LISTENERS_MAX];
};

struct supervisor {
    const char *path;
    struct arena *arena; /* of the configuration */
    Conf *conf;
    struct child children[CONF_WORKERS_MAX];
    bool is_ending;
    int exit_code;
};

static int64_t now_ms(void)
{
    return clock_mono().ns / 1000000;
}

/* sd_notify(3) without its library: one datagram to the socket that systemd names. */
static void notify(const char *state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = getenv("NOTIFY_SOCKET");
    if (path == NULL || path[0] == '\0' || strlen(path) >= sizeof address.sun_path) {
        return;
    }
    memcpy(address.sun_path, path, strlen(path));
    if (path[0] == '@') {
        address.sun_path[0] = '\0'; /* abstract */
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
        (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
                     len);
        close(fd);
    }
}

/* --- sockets -------------------------------------------------------------------------------------- */

/* One socket per worker, so that the kernel spreads connections; a Unix socket is shared. A worker's
 * sockets stay open here: what connects while it is started again waits instead of being refused. */
static rc open_listener(struct supervisor *s, size_t index, struct err *err)
{
    const char *address = s->conf->listeners[index]->address;
    bool is_unix = strncmp(address, "unix:", 5) == 0;
    char bound[128];
    for (unsigned i = 0; i < s->conf->workers; i++) {
        int *fd = &s->children[i].sockets[index];
        if (i > 0 && is_unix) {
            *fd = fcntl(s->children[0].sockets[index], F_DUPFD_CLOEXEC, 0);
            ENSURE(*fd >= 0, err, R_STARTUP_FAILED);
            continue;
        }
        TRY(net_listen(i == 0 || is_unix ? address : bound, i == 0, fd, err));
        net_bound_address(*fd, bound, sizeof bound);
    }
    log_event(LOG_INFO, "listening", F_USER("address", is_unix ? address : bound),
              F_STR("security", s->conf->listeners[index]->tls != NULL ? "tls" : "cleartext"));
    return OK;
}

static rc open_listeners(struct supervisor *s, struct err *err)
{
    CH_ASSERT(s->conf->n_listeners <= CONF_LISTENERS_MAX); /* conf_load has looked */
    for (size_t i = 0; i < s->conf->n_listeners; i++) {
        TRY(open_listener(s, i, err));
    }
    return OK;
}

/* --- workers -------------------------------------------------------------------------------------- */

static void close_others(const struct supervisor *s, unsigned own)
{
    for (unsigned i = 0; i < s->conf->workers; i++) {
        for (size_t j = 0; i != own && j < s->conf->n_listeners; j++) {
            close(s->children[i].sockets[j]);
        }
    }
}

static void start_worker(struct supervisor *s, unsigned index)
{
    sigset_t none;
    struct child *child = &s->children[index];
    fflush(NULL);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent) {
            _exit(0); /* the supervisor died between fork and prctl */
        }
        signal(SIGINT, SIG_IGN); /* of a terminal: the supervisor tells us by SIGTERM */
        signal(SIGHUP, SIG_IGN);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        close_others(s, index);
        exit(worker_run(s->conf, child->sockets, index));
    }
    child->pid = pid < 0 ? 0 : pid;
    child->started = now_ms();
    if (pid < 0) {
        log_event(LOG_ERROR, "supervisor.fork_failed", F_STR("why", strerrorname_np(errno)));
    }
}

static void end_all(struct supervisor *s, int exit_code)
{
    s->is_ending = true;
    s->exit_code = exit_code;
    notify("STOPPING=1");
    for (unsigned i = 0; i < s->conf->workers; i++) {
        if (s->children[i].pid > 0) {
            (void)kill(s->children[i].pid, SIGTERM);
        }
    }
}

static void worker_ended(struct supervisor *s, unsigned index, int status)
{
    struct child *child = &s->children[index];
    bool is_signal = WIFSIGNALED(status);
    int code = is_signal ? WTERMSIG(status) : WEXITSTATUS(status);
    child->pid = 0;
    log_event(s->is_ending || (!is_signal && code == 0) ? LOG_INFO : LOG_ERROR, "worker.ended",
              F_INT("worker", index), F_STR("by", is_signal ? "signal" : "exit"),
              F_INT("code", code));
    if (!is_signal && code == EXIT_HOPELESS && !s->is_ending) {
        end_all(s, EXIT_HOPELESS); /* the same would happen again */
    }
}

static void collect(struct supervisor *s)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        for (unsigned i = 0; i < s->conf->workers; i++) {
            if (s->children[i].pid == pid) {
                worker_ended(s, i, status);
            }
        }
    }
}

/* Start what is missing, but none more often than once a second. Says how long to sleep; -1: for ever. */
static int64_t start_missing(struct supervisor *s)
{
    int64_t sleep = -1;
    for (unsigned i = 0; i < s->conf->workers && !s->is_ending; i++) {
        struct child *child = &s->children[i];
        int64_t wait = child->started == 0 ? 0 : child->started + RESTART_WAIT_MS - now_ms();
        if (child->pid == 0 && wait <= 0) {
            start_worker(s, i);
        } else if (child->pid == 0) {
            sleep = sleep < 0 || wait < sleep ? wait : sleep;
        }
    }
    return sleep;
}

static bool any_running(const struct supervisor *s)
{
    for (unsigned i = 0; i < s->conf->workers; i++) {
        if (s->children[i].pid > 0) {
            return true;
        }
    }
    return false;
}

/* A reload keeps listeners and the number of workers; for others the daemon must be started again. */
static void reload(struct supervisor *s)
{
    struct err err = {0};
    Conf *fresh = NULL;
    struct arena *arena = arena_new(CONF_BUDGET);
    if (!conf_load(arena, s->path, &fresh, &err).ok) {
        log_event(LOG_ERROR, "supervisor.reload_refused", F_FAILURE(&err));
        arena_free(arena);
        return;
    }
    if (fresh->workers != s->conf->workers || fresh->n_listeners != s->conf->n_listeners) {
        log_event(LOG_ERROR, "supervisor.reload_refused",
                  F_STR("what", "listeners and the number of workers change only by a restart"));
        arena_free(arena);
        return;
    }
    arena_free(s->arena);
    s->arena = arena;
    s->conf = fresh;
    log_event(LOG_INFO, "supervisor.reload", F_INT("workers", fresh->workers));
    for (unsigned i = 0; i < fresh->workers; i++) {
        if (s->children[i].pid > 0) {
            (void)kill(s->children[i].pid, SIGTERM);
            s->children[i].started = 0; /* at once, when it has ended */
        }
    }
}

static void run(struct supervisor *s, const sigset_t *signals)
{
    while (!s->is_ending || any_running(s)) {
        int64_t sleep = start_missing(s);
        struct timespec timeout = {sleep / 1000, sleep % 1000 * 1000000};
        int number = sleep < 0 ? sigwaitinfo(signals, NULL) : sigtimedwait(signals, NULL, &timeout);
        if ((number == SIGTERM || number == SIGINT) && !s->is_ending) {
            end_all(s, 0);
        } else if (number == SIGHUP && !s->is_ending) {
            reload(s);
        }
        collect(s);
    }
}

static rc prepare(struct supervisor *s, struct err *err)
{
    struct secret *root = NULL;
    TRY(conf_load(s->arena, s->path, &s->conf, err));
    bool is_json = strcmp(s->conf->log->format, "json") == 0;
    static const char *const levels[] = {"debug", "info", "warning", "error"};
    for (int i = 0; i < 4; i++) {
        if (strcmp(levels[i], s->conf->log->level) == 0) {
            log_configure(is_json ? LOG_JSON : LOG_LOGFMT, (enum log_level)i);
        }
    }
    TRY(keys_root_from_file(s->conf->root_key->file, &root,
                            err)); /* to fail now and not in a worker */
    secret_free(root);
    return open_listeners(s, err);
}

int supervisor_run(const char *conf_path)
{
    struct supervisor s = {.path = conf_path, .arena = arena_new(CONF_BUDGET)};
    struct err err = {0};
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (!prepare(&s, &err).ok) {
        log_event(LOG_ERROR, "supervisor.start_failed", F_FAILURE(&err));
        arena_free(s.arena);
        return EXIT_HOPELESS;
    }
    notify("READY=1");
    run(&s, &signals);
    arena_free(s.arena);
    return s.exit_code;
}
