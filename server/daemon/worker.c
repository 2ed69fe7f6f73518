/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/worker.h"

#include <signal.h>
#include <unistd.h>

#include "auth/authenticate.h"
#include "auth/quota_leases.h"
#include "auth/refusals.h"
#include "base/mem.h"
#include "context/readiness.h"
#include "crypto/algs.h"
#include "daemon/audit_sinks.h"
#include "daemon/front.h"
#include "daemon/generation.h"
#include "daemon/mail_relay.h"
#include "daemon/process_metrics.h"
#include "daemon/root_keys.h"
#include "daemon/store_services.h"
#include "daemon/telemetry.h"
#include "daemon/transport.h"
#include "daemon/upkeep.h"
#include "daemon/version.h"
#include "dns/dns.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "service/registry.h"

enum {
    GRACE_MS = 2000,      /* accept after this even if not ready */
    WATCH_MS = 20,        /* until ready */
    WATCH_READY_MS = 100, /* after that */
    BEAT_MS = 1000,       /* of a loop that turns, for the supervisor */
    FLUSH_MS = 2000,      /* for what is counted, at the end */
    SPARE_CHUNKS = 1024,  /* of 8 KiB: two for each item of a large batch */
};

struct worker {
    const Conf *conf;
    struct generation *of;
    unsigned index;
    struct loop *loop;
    struct services services;
    struct rpc *rpc;
    struct front *front;
    struct net_server *server;
    /* Each has a line of its own: neither admins' domains nor strangers' tokens hold up the others. */
    struct dns *identity_dns, *database_dns;
    const char **boundaries; /* NULL-terminated */
    struct net_tickets *tickets;
    struct store_timelines *timelines;
    struct worker_status *status;
    struct loop_timer beat, watch;
    struct mono_time started;
    bool is_listening, is_told; /* told: by the log, how it is */
    struct loop_signal term;
    struct readiness readiness;
    struct readiness_wait readiness_wait;
    int exit_code;
    struct root_keys *root_keys;
    bool is_root_key_right;          /* at the start: what lies in this database opens here */
    struct mail_relay *mail_relay;   /* NULL: none is configured */
    struct audit_sinks *audit_sinks; /* NULL: none are configured, or another worker has them */
    struct telemetry *telemetry;     /* NULL: none is configured */
    struct upkeep *upkeep;           /* of the first worker; of others NULL */
};

/* --- readiness ---------------------------------------------------------------------------------- */

/* Whether it is too early to call it a problem that the database is not connected yet. */
static bool is_early(const struct worker *w)
{
    return !w->is_root_key_right && clock_mono().ns < mono_add_ms(w->started, GRACE_MS).ns;
}

static void tell_problem(struct worker *w)
{
    w->is_told = true;
    readiness_log(&w->readiness, w->index);
}

/* The supervisor tells systemd. */
static void tell_supervisor(struct readiness_wait *wait)
{
    struct worker *w = LIST_ENTRY(wait, struct worker, readiness_wait);
    atomic_store(&w->status->problem, w->readiness.problem);
    metric_set(M_WORKERS_READY, NULL, NULL, w->readiness.problem == R_NONE ? 1 : 0);
    if (w->readiness.problem == R_NONE) {
        atomic_store(&w->status->is_ready, true);
    }
    readiness_wait(&w->readiness, wait, tell_supervisor);
}

/* While root keys are known, flows hear the store itself. */
static void set_problem(struct worker *w, enum reason problem)
{
    bool is_known = root_keys_state(w->root_keys) == ROOT_KEYS_KNOWN;
    if (w->readiness.problem != problem) {
        w->is_told = false;
        readiness_set(&w->readiness, problem);
    }
    rpc_refuse(w->rpc, is_known ? R_NONE : problem);
    mail_relay_pause(w->mail_relay, !is_known);
    if (!w->is_told && (problem == R_NONE || !is_early(w))) {
        tell_problem(w);
    }
}

static void stop(struct worker *w, int exit_code)
{
    w->exit_code = exit_code;
    loop_stop(w->loop);
}

/* Missing at the start: it is the wrong configuration. Later: others went over to a root key while we could not be asked, and we wait
 * for a configuration that names it. */
static void root_keys_changed(void *ctx)
{
    struct worker *w = ctx;
    enum root_keys_state state = root_keys_state(w->root_keys);
    if (state == ROOT_KEYS_MISSING) {
        log_event(LOG_ERROR, "worker.root_key", F_FAILURE(root_keys_problem(w->root_keys)));
    } else if (state == ROOT_KEYS_KNOWN && !w->is_root_key_right) {
        w->is_root_key_right = true;
        upkeep_begin(w->upkeep);
    }
    if (!w->is_root_key_right) {
        stop(w, EXIT_HOPELESS);
    } else {
        loop_timer_arm(&w->watch, 0);
    }
}

static enum reason problem_of(const struct worker *w)
{
    static const enum reason problems[] = {[ROOT_KEYS_UNKNOWN] = R_DATABASE_UNAVAILABLE,
                                           [ROOT_KEYS_KNOWN] = R_NONE,
                                           [ROOT_KEYS_MISSING] = R_ROOT_KEY_MISSING};
    enum reason problem = store_problem(w->services.store);
    return problem != R_NONE ? problem : problems[root_keys_state(w->root_keys)];
}

/* Accept when ready: until then connections wait in the sockets, which the supervisor holds. A database
 * that stays away is told to clients after a while, unless there are siblings for them, while this one's
 * sockets rest. False: the worker ends, and was never ready, for the supervisor takes the word of a ready
 * worker for its whole configuration. */
static bool listen_when_ready(struct worker *w, enum reason problem)
{
    struct err err = {0};
    bool is_late = loop_now(w->loop).ns >= mono_add_ms(w->started, GRACE_MS).ns &&
                   !generation_rests(w->of, w->index);
    if (w->is_listening || (problem != R_NONE && !is_late)) {
        return true;
    }
    w->is_listening = generation_resume(w->of, w->index, &err).ok &&
                      transport_listen(w->server, w->conf, w->of->sockets[w->index], &err).ok;
    if (!w->is_listening) {
        log_event(LOG_ERROR, "worker.listen_failed", F_FAILURE(&err));
        stop(w, EXIT_HOPELESS);
    }
    return w->is_listening;
}

static void on_watch(struct loop_timer *timer)
{
    struct worker *w = LIST_ENTRY(timer, struct worker, watch);
    enum reason problem = problem_of(w);
    if (store_is_ready(w->services.store)) {
        root_keys_ask(w->root_keys);
    }
    if (w->readiness.has_ended || !listen_when_ready(w, problem)) {
        return;
    }
    set_problem(w, problem);
    loop_timer_arm(timer, problem == R_NONE ? WATCH_READY_MS : WATCH_MS);
}

static void on_beat(struct loop_timer *timer)
{
    struct worker *w = LIST_ENTRY(timer, struct worker, beat);
    atomic_store(&w->status->beat_ms, clock_mono().ns / 1000000);
    process_metrics_tell();
    loop_timer_arm(timer, BEAT_MS);
}

/* --- start and end -------------------------------------------------------------------------------- */

static void told(void *ctx)
{
    struct worker *w = ctx;
    stop(w, 0);
}

static void flushed(void *ctx)
{
    struct worker *w = ctx;
    telemetry_end(w->telemetry, FLUSH_MS, told, w);
}

static void refusals_written(void *ctx)
{
    struct worker *w = ctx;
    quota_leases_flush(w->services.quota_leases, FLUSH_MS, flushed, w);
}

static void drained(void *ctx)
{
    struct worker *w = ctx;
    refusals_flush(w->services.refusals, FLUSH_MS, refusals_written, w);
}

/* Nobody is to wait in a socket from which nobody will take them. */
static void close_unserved(struct worker *w)
{
    generation_deafen(w->is_listening ? NULL : w->of);
    w->is_listening = true;
}

/* Whoever asks or watches hears it first; then what would never end is ended. */
static void on_term(struct loop_signal *signal)
{
    struct worker *w = LIST_ENTRY(signal, struct worker, term);
    if (w->readiness.has_ended) {
        return;
    }
    log_event(LOG_INFO, "worker.draining", F_INT("worker", w->index),
              F_INT("calls", rpc_calls_active(w->rpc)));
    readiness_end(&w->readiness);
    rpc_end_streams(w->rpc);
    mail_relay_stop(w->mail_relay);
    audit_sinks_stop(w->audit_sinks);
    close_unserved(w);
    net_server_drain(w->server, w->conf->limits->drain_ms, drained, w);
}

static rc open_keys(struct worker *w, struct err *err)
{
    TRY(secret_heap_init(SECRET_HEAP_BYTES, err));
    TRY(crypto_init(w->conf->crypto_properties[0] == '\0' ? NULL : w->conf->crypto_properties,
                    err));
    w->services.keys = root_shelf_keys(w->loop, w->of->roots, WORKER_KEYS_MAX);
    root_shelf_close(w->of->roots);
    w->of->roots = NULL;
    return OK;
}

static rc open_dns(const struct worker *w, struct dns **out, struct err *err)
{
    return dns_new(w->loop, w->conf->dns->servers, w->conf->dns->n_servers, out, err);
}

/* What a refused call has heard, /readyz says at once. */
static void store_changed(void *ctx)
{
    struct worker *w = ctx;
    loop_timer_arm(&w->watch, 0);
}

static void statement_failed(enum reason reason, void *ctx)
{
    struct worker *w = ctx;
    if (reason == R_ROOT_KEY_CHANGED) {
        root_keys_ask_anew(w->root_keys);
    }
}

static void open_store(struct worker *w)
{
    struct store_config config = {
        .conninfo = w->conf->database->conninfo,
        .dns = w->database_dns,
        .timelines = w->timelines,
        .statement_timeout_ms = (int)w->conf->database->statement_timeout_ms,
        .gate_connections = w->conf->database->gate_connections,
        .changed = store_changed,
        .failed = statement_failed,
        .ctx = w,
    };
    w->services.approvable_acts = registry_acts;
    store_services_open(&w->services, w->conf, w->boundaries, &config);
}

static rc start(struct worker *w, struct err *err)
{
    struct identity_config identity = {
        .ca_file = w->conf->identity->ca_file[0] == '\0' ? NULL : w->conf->identity->ca_file,
        .allow_loopback = w->conf->identity->allow_loopback,
        .allow_private = w->conf->identity->allow_private,
    };
    struct net_config net = transport_config(w->conf, w->tickets);
    struct rpc_limits limits = {.max_deadline_ms = w->conf->limits->max_deadline_ms,
                                .party_calls = w->conf->limits->tenant_calls};
    w->loop = loop_new();
    w->services.loop = w->loop;
    w->services.authority_url = w->conf->authority_url;
    w->services.readiness = &w->readiness;
    TRY(open_keys(w, err));
    TRY(open_dns(w, &w->services.dns, err));
    TRY(open_dns(w, &w->identity_dns, err));
    TRY(open_dns(w, &w->database_dns, err));
    open_store(w);
    identity.dns = w->identity_dns;
    w->services.identity = identity_new(w->loop, &identity);
    TRY(mail_relay_new(w->conf, &w->services, &w->mail_relay, err));
    w->rpc = rpc_new(w->loop, &w->services, &AUTHENTICATOR, &limits);
    registry_add_all(w->rpc);
    TRY(telemetry_new(w->conf, w->rpc, w->loop, w->index == 0, &w->telemetry, err));
    w->front = front_new(
        &(struct front_config){w->conf, &w->services, w->rpc, w->boundaries, CHANCERY_VERSION});
    loop_signal_init(&w->term, w->loop, SIGTERM, on_term);
    w->root_keys = root_keys_new(&w->services, root_keys_changed, w);
    loop_timer_init(&w->watch, w->loop, on_watch);
    loop_timer_arm(&w->watch, 0);
    loop_timer_init(&w->beat, w->loop, on_beat);
    loop_timer_arm(&w->beat, 0);
    w->upkeep = w->index == 0 ? upkeep_new(&w->services, w->boundaries) : NULL;
    if (w->index == 0) {
        TRY(audit_sinks_new(w->conf, &w->services, &w->audit_sinks, err));
    }
    rpc_refuse(w->rpc, w->readiness.problem);
    metric_set(M_CONNECTIONS_MAX, NULL, NULL, net.max_connections);
    w->server = net_server_new(w->loop, &net, front_handler(w->front));
    return OK;
}

/* Also of one that could not start: what it has not made is NULL. */
static void finish(struct worker *w)
{
    net_server_free(w->server);
    root_keys_free(w->root_keys);
    upkeep_free(w->upkeep);
    audit_sinks_free(w->audit_sinks);
    mail_relay_free(w->mail_relay);
    loop_timer_fini(&w->watch);
    loop_timer_fini(&w->beat);
    loop_signal_fini(&w->term);
    rpc_free(w->rpc);
    telemetry_free(w->telemetry);
    front_free(w->front);
    identity_free(w->services.identity);
    store_services_close(&w->services);
    dns_free(w->identity_dns);
    dns_free(w->database_dns);
    dns_free(w->services.dns);
    keys_free(w->services.keys);
    loop_free(w->loop);
    crypto_fini();
    xfree(w->boundaries);
}

int worker_run(struct generation *g, const struct worker_shared *shared, unsigned index)
{
    const Conf *conf = g->conf;
    struct worker w = {.conf = conf,
                       .of = g,
                       .index = index,
                       .tickets = shared->tickets,
                       .timelines = shared->timelines,
                       .status = shared->status,
                       .started = clock_mono()};
    struct err err = {0};
    mem_keep();
    arena_keep_spare(SPARE_CHUNKS);
    readiness_init(&w.readiness, R_DATABASE_UNAVAILABLE);
    metric_set(M_WORKERS_READY, NULL, NULL, 0);
    readiness_wait(&w.readiness, &w.readiness_wait, tell_supervisor);
    w.boundaries = xcalloc(conf->n_boundaries + 1, sizeof *w.boundaries);
    for (size_t i = 0; i < conf->n_boundaries; i++) {
        w.boundaries[i] = conf->boundaries[i];
    }
    if (start(&w, &err).ok) {
        loop_run(w.loop);
    } else {
        log_event(LOG_ERROR, "worker.start_failed", F_FAILURE(&err));
        w.exit_code = EXIT_HOPELESS;
    }
    finish(&w);
    return w.exit_code;
}
