/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/generation.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "conf/telemetry_headers.h"
#include "crypto/algs.h"
#include "net/net.h"
#include "obs/log.h"
#include "setup/setup.h"

enum { CONF_BUDGET = 4 * 1024 * 1024 };

static const char *address_of(const struct generation *g, size_t listener)
{
    return g->conf->listeners[listener]->address;
}

/* --- sockets -------------------------------------------------------------------------------- */

static rc copy(int fd, int *out, struct err *err)
{
    *out = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    ENSURE(*out >= 0, err, R_STARTUP_FAILED);
    return OK;
}

/* Port 0 may be there several times: each is another one. */
static size_t same_before(const struct generation *g, size_t listener)
{
    size_t count = 0;
    for (size_t i = 0; i < listener; i++) {
        count += strcmp(address_of(g, i), address_of(g, listener)) == 0;
    }
    return count;
}

/* Whether the running generation has this listener, and which of its own that is. */
static bool is_running(const struct generation *g, size_t listener,
                       const struct generation *running, size_t *theirs)
{
    for (size_t i = 0; i < running->conf->n_listeners; i++) {
        if (strcmp(address_of(running, i), address_of(g, listener)) == 0 &&
            same_before(running, i) == same_before(g, listener)) {
            *theirs = i;
            return true;
        }
    }
    return false;
}

static bool is_unix(const struct generation *g, size_t listener)
{
    return strncmp(address_of(g, listener), "unix:", 5) == 0;
}

static rc open_one(struct generation *g, const struct generation *running, size_t worker,
                   size_t listener, struct err *err)
{
    size_t theirs = 0;
    int *out = &g->sockets[worker][listener];
    if (running != NULL && is_running(g, listener, running, &theirs) &&
        worker < running->conf->workers && running->sockets[worker][theirs] >= 0) {
        return copy(running->sockets[worker][theirs], out, err);
    }
    if (is_unix(g, listener) && worker > 0) {
        return copy(g->sockets[0][listener], out, err);
    }
    return g->bound[listener][0] == '\0' ? net_listen(address_of(g, listener), true, out, err)
                                         : net_listen(g->bound[listener], false, out, err);
}

static rc open_listener(struct generation *g, const struct generation *running, size_t listener,
                        struct err *err)
{
    size_t theirs = 0;
    if (running != NULL && is_running(g, listener, running, &theirs)) {
        memcpy(g->bound[listener], running->bound[theirs], GENERATION_ADDRESS_MAX);
    }
    for (size_t worker = 0; worker < g->conf->workers; worker++) {
        TRY(open_one(g, running, worker, listener, err));
        if (g->bound[listener][0] == '\0') {
            net_bound_address(g->sockets[worker][listener], g->bound[listener],
                              GENERATION_ADDRESS_MAX);
        }
    }
    return OK;
}

static void tell_listener(const struct generation *g, size_t listener)
{
    const char *address = is_unix(g, listener) ? address_of(g, listener) : g->bound[listener];
    log_event(LOG_INFO, "listening", F_USER("address", address),
              F_STR("security", g->conf->listeners[listener]->tls != NULL ? "tls" : "cleartext"));
}

static rc open_all(struct generation *g, const struct generation *running, struct err *err)
{
    CH_ASSERT(g->conf->n_listeners <= CONF_LISTENERS_MAX && g->conf->workers <= CONF_WORKERS_MAX);
    for (size_t i = 0; i < g->conf->n_listeners; i++) {
        size_t theirs;
        TRY(open_listener(g, running, i, err));
        if (running == NULL || !is_running(g, i, running, &theirs)) {
            tell_listener(g, i);
        }
    }
    return OK;
}

void generation_rest(struct generation *g, unsigned worker)
{
    for (size_t i = 0; i < g->conf->n_listeners; i++) {
        int *fd = &g->sockets[worker][i];
        if (*fd >= 0 && !is_unix(g, i)) {
            close(*fd);
            *fd = -1;
        }
    }
}

bool generation_rests(const struct generation *g, unsigned worker)
{
    for (size_t i = 0; i < g->conf->n_listeners; i++) {
        if (g->sockets[worker][i] < 0) {
            return true;
        }
    }
    return false;
}

rc generation_resume(struct generation *g, unsigned worker, struct err *err)
{
    for (size_t i = 0; i < g->conf->n_listeners; i++) {
        if (g->sockets[worker][i] < 0) {
            TRY(net_listen(g->bound[i], false, &g->sockets[worker][i], err));
        }
    }
    return OK;
}

/* --- generations ---------------------------------------------------------------------------- */

/* Now, because a worker that can't start is started again and again. */
static rc check_headers(const Conf *conf, struct err *err)
{
    AUTO(secret_free_at) struct secret *headers = NULL;
    if (conf->telemetry == NULL || conf->telemetry->otlp_headers_file[0] == '\0') {
        return OK;
    }
    return conf_telemetry_headers(conf->telemetry->otlp_headers_file, &headers, err);
}

static void tell_root(void *ctx, const struct root_told *told)
{
    (void)ctx;
    if (told->err == NULL) {
        log_event(LOG_INFO, "root_key.opened", F_USER("file", told->file),
                  F_USER("wrap", told->wrap), F_USER("opener", told->opener));
    } else {
        log_event(LOG_WARNING, "root_key.opener_failed", F_USER("file", told->file),
                  F_USER("opener", told->opener), F_FAILURE(told->err));
    }
}

/* What OpenSSL has here is the supervisor's for this alone: workers set up their own. */
static rc open_roots(struct generation *g, const struct generation *running, struct err *err)
{
    const char *properties = g->conf->crypto_properties;
    struct root_files files = setup_root_files(g->conf);
    files.tell = tell_root;
    TRY(crypto_init(properties[0] == '\0' ? NULL : properties, err));
    rc result = root_shelf_open(&files, running == NULL ? NULL : running->roots, &g->roots, err);
    crypto_fini();
    return result;
}

static rc load(struct generation *g, const char *path, const struct generation *running,
               struct err *err)
{
    TRY(conf_load(g->arena, path, &g->conf, err));
    if (running == NULL) {
        generation_log(g); /* what follows is told as it says */
    }
    TRY(check_headers(g->conf, err));
    TRY(open_roots(g, running, err));
    return open_all(g, running, err);
}

rc generation_open(const char *path, const struct generation *running, struct generation **out,
                   struct err *err)
{
    struct generation *g = xcalloc(1, sizeof *g);
    memset(g->sockets, -1, sizeof g->sockets);
    g->arena = arena_new(CONF_BUDGET);
    rc result = load(g, path, running, err);
    if (!result.ok) {
        generation_close(g);
        return result;
    }
    *out = g;
    return OK;
}

static void close_all(struct generation *g, const int *but)
{
    for (size_t worker = 0; worker < CONF_WORKERS_MAX; worker++) {
        for (size_t i = 0; i < CONF_LISTENERS_MAX; i++) {
            int *fd = &g->sockets[worker][i];
            if (*fd >= 0 && g->sockets[worker] != but) {
                close(*fd);
                *fd = -1;
            }
        }
    }
}

void generation_close_others(struct generation *g, const int *own)
{
    close_all(g, own);
}

void generation_leave(struct generation *g)
{
    if (g != NULL) {
        close_all(g, NULL);
        root_shelf_close(g->roots);
        g->roots = NULL;
    }
}

void generation_deafen(struct generation *g)
{
    if (g != NULL) {
        close_all(g, NULL);
    }
}

void generation_close(struct generation *g)
{
    generation_deafen(g);
    if (g != NULL) {
        root_shelf_close(g->roots);
        arena_free(g->arena);
        xfree(g);
    }
}

void generation_log(const struct generation *g)
{
    static const char *const levels[] = {"debug", "info", "warning", "error"};
    bool is_json = strcmp(g->conf->log->format, "json") == 0;
    for (int i = 0; i < 4; i++) {
        if (strcmp(levels[i], g->conf->log->level) == 0) {
            log_configure(is_json ? LOG_JSON : LOG_LOGFMT, (enum log_level)i);
        }
    }
}
