/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/generation.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "keys/keys.h"
#include "net/net.h"
#include "obs/log.h"

enum { CONF_BUDGET = 4 * 1024 * 1024, ADDRESS_MAX = 128 };

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
    for (size_t i = 0; running != NULL && i < running->conf->n_listeners; i++) {
        if (strcmp(address_of(running, i), address_of(g, listener)) == 0 &&
            same_before(running, i) == same_before(g, listener)) {
            *theirs = i;
            return true;
        }
    }
    return false;
}

static rc open_one(struct generation *g, const struct generation *running, size_t worker,
                   size_t listener, struct err *err)
{
    size_t theirs = 0;
    char bound[ADDRESS_MAX];
    const char *address = address_of(g, listener);
    int *out = &g->sockets[worker][listener];
    if (is_running(g, listener, running, &theirs) && worker < running->conf->workers) {
        return copy(running->sockets[worker][theirs], out, err);
    }
    if (worker == 0) {
        return net_listen(address, true, out, err);
    }
    if (strncmp(address, "unix:", 5) == 0) {
        return copy(g->sockets[0][listener], out, err);
    }
    net_bound_address(g->sockets[0][listener], bound, sizeof bound);
    return net_listen(bound, false, out, err);
}

static void tell_listener(const struct generation *g, size_t listener)
{
    char bound[ADDRESS_MAX];
    const char *address = address_of(g, listener);
    bool is_unix = strncmp(address, "unix:", 5) == 0;
    net_bound_address(g->sockets[0][listener], bound, sizeof bound);
    log_event(LOG_INFO, "listening", F_USER("address", is_unix ? address : bound),
              F_STR("security", g->conf->listeners[listener]->tls != NULL ? "tls" : "cleartext"));
}

static rc open_all(struct generation *g, const struct generation *running, struct err *err)
{
    CH_ASSERT(g->conf->n_listeners <= CONF_LISTENERS_MAX && g->conf->workers <= CONF_WORKERS_MAX);
    for (size_t i = 0; i < g->conf->n_listeners; i++) {
        size_t theirs;
        for (size_t worker = 0; worker < g->conf->workers; worker++) {
            TRY(open_one(g, running, worker, i, err));
        }
        if (!is_running(g, i, running, &theirs)) {
            tell_listener(g, i);
        }
    }
    return OK;
}

/* --- generations ---------------------------------------------------------------------------- */

static rc load(struct generation *g, const char *path, const struct generation *running,
               struct err *err)
{
    struct secret *root = NULL;
    TRY(conf_load(g->arena, path, &g->conf, err));
    if (running == NULL) {
        generation_log(g); /* what follows is told as it says */
    }
    TRY(keys_root_from_file(g->conf->root_key->file, &root, err));
    secret_free(root);
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
    if (g != NULL) {
        close_all(g, own);
    }
}

void generation_close(struct generation *g)
{
    if (g != NULL) {
        close_all(g, NULL);
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
